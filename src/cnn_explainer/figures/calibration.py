"""Whether a network is right as often as it claims to be."""

import numpy as np

from ..provenance import describe
from ..runs import BINS, Run
from .figure import Figure
from .plot import SENTINEL, canvas
from .svg import BLUE


def calibration(run: Run) -> Figure:
    """The reliability diagram: share of right answers by the probability of the answer.

        calibration(run)  ->  15 bins of test images; below, how many images are in each

    Source: Guo et al. (2017), On Calibration of Modern Neural Networks, figure 1 and equation 3.
    """
    bins = run.calibration
    count, accuracy = np.array(bins.count), np.array(bins.accuracy)
    middles, width = (np.arange(BINS) + 0.5) / BINS, 0.9 / BINS
    with canvas(420, 400) as made:
        top, bottom = made.plot.subplots(2, sharex=True, height_ratios=(3, 1.2))
        top.bar(middles, accuracy, width, color=BLUE, label="share of right answers")
        top.plot((0, 1), (0, 1), "--", color=SENTINEL, linewidth=1, label="perfect calibration")
        top.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="Share right")
        top.legend(loc="upper left")
        bottom.bar(middles, count, width, color=SENTINEL, alpha=0.4)
        for x, number in zip(middles, count, strict=True):
            bottom.annotate(
                f"{number}", (x, number), (0, 3), textcoords="offset points",
                ha="center", va="bottom", rotation=90, fontsize=9,
            )  # fmt: skip
        bottom.set(xlabel="Probability of the answer", ylabel="Images", ylim=(0, 1.6 * count.max()))
        bottom.grid(False, axis="x")
    caption = (
        "Calibration: a bar shows the share of right answers among the test images whose answer"
        " has a probability in its bin; on the dashed line it would be just as large as the"
        f" probability. Expected calibration error: {bins.expected_error:.3f}."
    )
    return Figure((made.panel,), _alt(run), caption, describe(run))


def _alt(run: Run) -> str:
    bins = run.calibration
    rows = zip(bins.confidence, bins.accuracy, bins.count, strict=True)
    said = "; ".join(f"{p:.2f} claimed, {right:.2f} right, {n} images" for p, right, n in rows if n)
    return (
        f"Reliability diagram of {run.experiment.name}, by bin: {said}. Expected calibration"
        f" error {bins.expected_error:.3f}."
    )
