"""What plots with a row an experiment share."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from ..architectures import architecture
from ..experiments import CATALOGUE
from ..provenance import epochs
from ..runs import Run

SHORT = {"plain": "plain", "augmented": "augmented", "augmented_dropout": "and dropout"}
"""The variants where there is little room: each adds to the one above it."""


def label_rows(axes: Axes, groups: Mapping[str, Sequence[Run]]) -> None:
    """Name the rows 0, 1, … from the top; what is missing is said below the name."""
    labels = []
    for name, seeds in groups.items():
        entry = CATALOGUE[name]
        # The network's name stands once, before its first variant.
        network = f"{architecture(entry.model).title}, " if entry.variant == "plain" else ""
        missing = remark(seeds) if seeds else "not recorded"
        labels.append(f"{network}{SHORT[entry.variant]}" + f"\n{missing}" * bool(missing))
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)


def remark(seeds: Sequence[Run]) -> str:
    """`only 25 of 50 epochs`, or nothing where all were trained."""
    return ", ".join(dict.fromkeys(epochs(run) for run in seeds if not run.complete))
