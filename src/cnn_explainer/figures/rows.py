"""What plots with a row an experiment share."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from .. import words
from ..architectures import architecture
from ..experiments import CATALOGUE
from ..provenance import shortfall
from ..runs import Run

HEIGHT = 34
"""Of a row, in CSS pixels."""


def label_rows(axes: Axes, groups: Mapping[str, Sequence[Run]]) -> None:
    """Name the rows 0, 1, … from the top; what is missing is said below the name."""
    labels = []
    for name, seeds in groups.items():
        entry = CATALOGUE[name]
        # The network's name stands once, before its first variant.
        network = f"{architecture(entry.model).title}, " if entry.variant == "plain" else ""
        missing = shortfall(seeds) if seeds else "not recorded"
        labels.append(f"{network}{words.short_variant(entry.variant)}\n{missing}".rstrip())
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)


def legend_once(axes: Axes) -> dict:
    """The arguments for a legend that names each kind of mark once."""
    handles, labels = axes.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    return {"handles": [*named.values()], "labels": [*named]}
