"""A benchmark as a table."""

import pandas as pd

from .. import words
from ..source_line import Source
from ..tables import Table
from .record import RECORD, Benchmark, Comparison, Spread, Way, load

TITLES: dict[Way, str] = {
    "keras": "Keras on arrays",
    "explainer": "cnn-explainer",
    "pytorch": "PyTorch",
}


def table(benchmark: Benchmark | None = None) -> Table:
    """Every way of training every network: speed, accuracy, and how near to the machine's peak.

        table()                      ->  the benchmark that comes with the package
        table(load("mine.json"))     ->  another

    Raises what `load` raises.
    """
    shipped, benchmark = benchmark is None, benchmark or load()
    rows = [
        {"Network": words.experiment(each.experiment), **_row(each, way)}
        for each in benchmark.comparisons
        for way in each.contenders
    ]
    rounds = sorted({len(each.peak["float32"]) for each in benchmark.comparisons})
    caption = (
        "Training in turn on one machine: median of"
        f" {' or '.join(map(str, rounds))} rounds (lowest to highest). The share"
        " of the peak is that of the product of two large matrices, in the same precision;"
        " its speed varies from moment to moment, so that a share can be above"
        " 100\N{NO-BREAK SPACE}%."
    )
    if not all(each.epochs for each in benchmark.comparisons):
        caption += " A dash: the accuracy was not compared."
    for processor in sorted({each.judged_on for each in benchmark.comparisons} - {None}):
        names = [
            words.experiment(each.experiment)
            for each in benchmark.comparisons
            if each.judged_on == processor
        ]
        caption += f" Taken on another machine, {processor}: the accuracy of {', '.join(names)}."
    for precision, names in _judged_in(benchmark).items():
        caption += f" Computed in {precision} for the accuracy: {', '.join(names)}."
    frame = pd.DataFrame(rows).set_index("Network")
    computed_in = frame.pop("Precision")
    if computed_in.nunique() == 1:
        caption += f" All computed in {computed_in.iloc[0]}."
    else:
        # Not in a column of its own, for which a page has no room.
        frame["Training with"] += ", " + computed_in
    return Table(frame, caption, _source(benchmark, shipped))


def _row(comparison: Comparison, way: Way) -> dict[str, object]:
    contender = comparison.contenders[way]
    share = comparison.share_of_peak(way)
    return {
        "Training with": TITLES[way],
        "Images a second": _spread(comparison.speed(way)),
        "Times Keras": "1" if way == "keras" else _spread(comparison.ratio(way)),
        "Share of peak": None if share is None else f"{100 * share:.1f}\N{NO-BREAK SPACE}%",
        "Accuracy (epochs)": (
            f"{contender.accuracy:.3f} ({comparison.epochs})" if comparison.epochs else None
        ),
        "Precision": words.precision(contender.precision),
    }


def _judged_in(benchmark: Benchmark) -> dict[str, list[str]]:
    """What took its accuracy in another precision than its speed, by that precision."""
    names: dict[str, list[str]] = {}
    for each in benchmark.comparisons:
        for way, contender in each.contenders.items():
            if contender.judged_in:
                name = f"{words.experiment(each.experiment)} by {TITLES[way]}"
                names.setdefault(words.precision(contender.judged_in), []).append(name)
    return names


def _spread(values: Spread) -> str:
    """Three digits and no more: the machine's noise is in the third.

    9712.3, 9540.8, 9833.1  ->  "9,710 (9,540 to 9,830)"
    """
    middle, low, high = map(_three_digits, values)
    # The only place where a narrow column breaks is before the bracket.
    return f"{middle} ({low}\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}{high})"


def _three_digits(value: float) -> str:
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:#.3g}"


def _source(benchmark: Benchmark, shipped: bool) -> Source:
    versions = ", ".join(f"{name} {version}" for name, version in benchmark.versions.items())
    return Source(
        f"{benchmark.processor}, {benchmark.cores} cores · {versions}"
        f" · {benchmark.finished.date().isoformat()}",
        [RECORD.stem] if shipped else [],
    )
