"""The tests that several claims share: from records to an outcome.

A claim that one experiment has more of something holds if the difference is more than noise (see
`comparison`); that two are the same, if it is not and no wide one is possible.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from .. import comparison, words
from ..architectures import shapes
from ..comparison import Difference, Measure, compare
from ..provenance import shortfall
from ..runs import Run
from .claim import Outcome, Seeds, Verdict, holds_if, listed, percent, points

STRONG = 0.2
"""A gap between training and test accuracy from which on overfitting is called strong."""

KNOWN = 0.9
"""The share of its training images from which on a network is said to know them."""

NEAR = 0.05
"""Two accuracies are called the same if the whole interval of their difference is within this.

With the 1,101 test images of the flowers the interval alone is nearly four points to each side.
"""

TRAINING = Measure(
    "accuracy on the training images", lambda run: run.train.accuracy, "points", 100, largest=1
)


def rises(measure: str | Measure) -> Callable[[Seeds, Seeds], Outcome]:
    """The first experiment has more of it than the second."""
    return lambda first, second: ordered(compare(first, second, measure), 1)


def falls(measure: str | Measure) -> Callable[[Seeds, Seeds], Outcome]:
    """The first experiment has less of it than the second."""
    return lambda first, second: ordered(compare(first, second, measure), -1)


def ordered(found: Difference, sign: int) -> Outcome:
    """Whether a difference is more than noise, and to the side that was claimed."""
    if found.verdict == "cannot be told":
        return Outcome(found.words, Verdict.UNTOLD)
    if not found.more_than_noise:
        return Outcome(found.words, Verdict.NOISE)
    return holds_if(found.mean * sign > 0, found.words)


def alike(measure: str | Measure) -> Callable[[Seeds, Seeds], Outcome]:
    """The two are the same in it, a share: see `NEAR`."""
    return lambda first, second: _same([compare(first, second, measure)])


def reproduces(*variants: Seeds) -> Outcome:
    """The accuracies are the write-up's, as far as there are records of as many epochs."""
    recorded = [seeds for seeds in variants if seeds and not shortfall(seeds)]
    if not recorded:
        return Outcome("No training of all epochs is recorded.", Verdict.UNTOLD)
    return _same(comparison.together(map(comparison.with_published, recorded)))


def _same(differences: Sequence[Difference]) -> Outcome:
    """Noise that could hide a wide difference does not show that there is none."""
    said = " ".join(each.words for each in differences)
    if any(each.more_than_noise for each in differences):
        return Outcome(said, Verdict.FAILS)
    if any(each.verdict == "cannot be told" for each in differences):
        return Outcome(said, Verdict.UNTOLD)
    if max(max(-each.low, each.high) for each in differences) > NEAR:
        wide = f"A difference of more than {points(NEAR)} is not ruled out."
        return Outcome(f"{said} {wide}", Verdict.UNTOLD)
    return Outcome(said, Verdict.HOLDS)


def published_rise(later: str, earlier: str) -> Callable[[], Outcome]:
    """The write-up's own accuracies differ by more than the noise of its test images."""

    def test() -> Outcome:
        return ordered(comparison.of_published(later, earlier), 1)

    return test


def takes(truth: str, answer: str, probe: str) -> Callable[[Seeds], Outcome]:
    """A network mostly gives this answer to pictures of that class.

    Judged by its test images: one picture says little about a network.
    """

    def test(seeds: Seeds) -> Outcome:
        shares = np.array([_share(run, truth, answer) for run in seeds])
        said = (
            f"Of the test images of class {truth}, {percent(shares.mean())} are called {answer}."
            f" {_drawn(seeds, probe)}"
        )
        return judged_by_seed(shares > 0.5, said)

    return test


def judged_by_seed(so: np.ndarray, said: str) -> Outcome:
    """It holds if it is so with every seed, does not if with none, and is noise otherwise."""
    if so.any() and not so.all():
        return Outcome(f"{said} It is so with {so.sum()} of {len(so)} seeds.", Verdict.NOISE)
    return holds_if(bool(so.all()), said)


def probability(probe: str, answer: str) -> Measure:
    """The probability of an answer to a drawn picture."""
    return Measure(
        f"probability of {answer} for the drawn {probe}",
        lambda run: run.probes[probe][run.classes.index(answer)],
        "points",
        100,
        largest=1,
    )


def overfits(seeds: Seeds) -> Outcome:
    """The accuracy on the training images is far above that on the test images."""
    trained, tested = (
        np.array([getattr(run, part).accuracy for run in seeds]) for part in ("train", "test")
    )
    said = (
        f"In the end {percent(trained.mean())} of the training images are right, and"
        f" {percent(tested.mean())} of the test images. A gap of {points(STRONG)} or more is called"
        " strong."
    )
    return judged_by_seed(trained - tested >= STRONG, said)


def still_overfits(seeds: Seeds) -> Outcome:
    """The gap is wider than what the number of test images makes by chance."""
    trained, tested = (
        np.array([getattr(run, part).accuracy for run in seeds]) for part in ("train", "test")
    )
    images = np.sum(seeds[0].confusion)
    noise = 2 * (tested * (1 - tested) / images) ** 0.5
    said = (
        f"The gap is {points(np.mean(trained - tested))}. Two standard errors of the accuracy on"
        f" the test images are {points(noise.mean())}."
    )
    return judged_by_seed(trained - tested > noise, said)


def closes_with_data(*shares: Seeds) -> Outcome:
    """The gap between training and test accuracy shrinks as there are more training images.

    Only where the network knows its training images at the end: one that has not come to know
    them, or has lost them again, has a narrow gap that says nothing about their number.
    """
    gaps = listed(
        f"{points(np.mean([run.train.accuracy - run.test.accuracy for run in seeds]))} with"
        f" {words.share(seeds[0].experiment.train_share)}"
        for seeds in shares
    )
    said = f"The gap is {gaps} of the training images."
    known = [s for s in shares if np.mean([run.train.accuracy for run in s]) >= KNOWN]
    if few := [words.share(s[0].experiment.train_share) for s in shares if s not in known]:
        said += (
            f" With {listed(few)} fewer than {percent(KNOWN)} were known at the end: not counted."
        )
    if len(known) < 2:
        return Outcome(said, Verdict.UNTOLD)
    found = ordered(compare(known[-1], known[0], "gap"), -1)
    return replace(found, words=f"{said} {found.words}")


def has_layers(model: str, kind: type, count: int) -> Callable[[], Outcome]:
    """The network has so many layers of a kind."""

    def test() -> Outcome:
        found = sum(isinstance(row.layer, kind) for row in shapes(model))
        return holds_if(found == count, f"There are {found}.")

    return test


def mean_curve(seeds: Seeds, curve: str) -> np.ndarray:
    """Over the epochs that all seeds have."""
    done = min(run.epochs_done for run in seeds)
    return np.mean([getattr(run.history, curve)[:done] for run in seeds], axis=0)


def training_images(run: Run) -> int:
    """How many were trained on, from the speed and the time of an epoch."""
    return round(run.images_per_second * float(np.median(run.history.train_seconds)))


def _share(run: Run, truth: str, answer: str) -> float:
    row = run.confusion[run.classes.index(truth)]
    return row[run.classes.index(answer)] / max(1, sum(row))


def _drawn(seeds: Seeds, probe: str) -> str:
    answers = [run.classes[int(np.argmax(run.probes[probe]))] for run in seeds]
    said = listed(
        f"{name} by {answers.count(name)} of {len(seeds)} seeds" for name in dict.fromkeys(answers)
    )
    return f"The drawn {probe} is called {said}."
