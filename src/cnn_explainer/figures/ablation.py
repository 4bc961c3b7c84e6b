"""An accuracy that grows, one change of the recipe at a time."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..ablation import gains
from ..comparison import half_interval
from ..provenance import as_seeds, describe
from ..runs import Run
from .figure import Figure
from .plot import canvas
from .rows import HEIGHT
from .svg import BLUE


def ablation(way: Mapping[str, Sequence[Run]]) -> Figure:
    """Accuracy on the test images after each step, the first above.

        steps = cnn.ablation.steps("lenet5-refined")
        ablation({title: runs.of(each) for title, each in steps.items()})

    Raises `ValueError` if a step has no run, as `provenance.as_seeds`.
    """
    way = {title: as_seeds(seeds) for title, seeds in way.items()}
    values = {title: np.array([run.test.accuracy for run in seeds]) for title, seeds in way.items()}
    titles = [title if place == 0 else f"+ {title}" for place, title in enumerate(way)]
    with canvas(440, 2 * HEIGHT * len(way) + 60) as made:
        axes = made.plot.subplots()
        means = [each.mean() for each in values.values()]
        axes.plot(means, range(len(way)), color=BLUE, linewidth=1, alpha=0.5)
        for y, each in enumerate(values.values()):
            axes.plot(each, np.full(len(each), y + 0.2), "|", color=BLUE, markersize=6)
            width = half_interval(each) if len(each) > 2 else None
            axes.errorbar(each.mean(), y, xerr=width, fmt="o", color=BLUE, capsize=3)
        axes.set_yticks(range(len(way)), titles)
        axes.set_ylim(len(way) - 0.5, -0.5)
        axes.set_xlabel("Accuracy (share of test images)")
    return Figure((made.panel,), _alt(way, values), _caption(values), describe(_all(way)))


def _all(way: Mapping[str, Sequence[Run]]) -> list[Run]:
    return [run for seeds in way.values() for run in seeds]


def _alt(way: Mapping[str, Sequence[Run]], values: Mapping[str, np.ndarray]) -> str:
    first, *others = values
    said = [f"{first}: accuracy {values[first].mean():.3f}."]
    for title, gain in zip(others, gains(way).values(), strict=True):
        said.append(
            f"With {title}: {values[title].mean():.3f}, {100 * gain.mean:+.1f} points;"
            f" {gain.verdict}."
        )
    return " ".join(said).replace("-", "−")


def _caption(values: Mapping[str, np.ndarray]) -> str:
    said = (
        "Each row takes over one part more of the new recipe. Dot: mean of the seeds, which are"
        " the small marks"
    )
    few = min(map(len, values.values())) < 3
    return said + (
        "; an interval from fewer than three says nothing."
        if few
        else "; bar: the mean's 95\N{NO-BREAK SPACE}% interval."
    )
