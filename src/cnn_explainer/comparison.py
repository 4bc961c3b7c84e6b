"""Which differences are larger than noise.

A trained network's accuracy has two kinds of noise in it: it would be another one from another
seed, and another one on other test images. Where two experiments have several seeds in common,
their differences seed by seed show the first kind, on the same test images. Where they have not,
the second kind is computed from the number of images, and the first is added if one side shows it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import inf, isnan, nan
from types import MappingProxyType

import numpy as np
from scipy.special import stdtr, stdtrit

from . import published, words
from .experiments import CATALOGUE, Experiment
from .provenance import as_seeds, by_experiment, title
from .runs import Run

LEVEL = 0.05
"""What would happen by chance less often than this is called more than noise."""

IMAGES_ALONE = "test images alone"
"""The method where no side shows how far its seeds lie apart."""


@dataclass(frozen=True)
class Measure:
    """A number of a run that two experiments can be compared in."""

    name: str
    of: Callable[[Run], float]
    unit: str
    scale: float = 1
    """By how much to multiply for `unit`."""
    largest: float = inf
    """No two runs can differ by more than this: where an interval is cut off."""


MEASURES = MappingProxyType(
    {
        "accuracy": Measure("accuracy", lambda run: run.test.accuracy, "points", 100, largest=1),
        "loss": Measure("loss", lambda run: run.test.loss, "nats"),
        "gap": Measure(
            "gap between training and test accuracy",
            lambda run: run.train.accuracy - run.test.accuracy,
            "points",
            100,
            largest=2,
        ),
        "ece": Measure(
            "expected calibration error",
            lambda run: run.calibration.expected_error,
            "points",
            100,
            largest=1,
        ),
    }
)
"""A point is a hundredth: from 57 % to 59 % are two points."""


def measure_of(measure: str | Measure) -> Measure:
    """A measure by its name in `MEASURES`, or one of your own as it is.

    Raises `ValueError` for an unknown name.
    """
    if isinstance(measure, Measure):
        return measure
    if measure not in MEASURES:
        raise ValueError(f"`measure` must be one of {', '.join(MEASURES)}. Received: {measure!r}")
    return MEASURES[measure]


@dataclass(frozen=True)
class Difference:
    """How much larger a measure of the first is than of the second, and how sure that is."""

    first: str
    second: str
    measure: Measure
    mean: float
    low: float
    """Of the 95 % interval, which is not adjusted for how many are compared; NaN if none."""
    high: float
    p: float
    """How often chance alone gives so large a difference; NaN if that cannot be told."""
    method: str
    """What the interval comes from."""
    compared: int = 1
    """With how many p is adjusted for, this one included."""

    @property
    def verdict(self) -> str:
        """`more than noise`, `within noise` or `cannot be told`.

        More than the noise of the test images alone is not yet more than noise: seeds of one
        experiment are often as far apart.
        """
        if self.p >= LEVEL:
            return "within noise"
        return "cannot be told" if isnan(self.p) or self._of_images else "more than noise"

    @property
    def more_than_noise(self) -> bool:
        """Whether chance alone gives so large a difference less often than `LEVEL`."""
        return self.verdict == "more than noise"

    @property
    def _of_images(self) -> bool:
        return self.p < LEVEL and self.method == IMAGES_ALONE

    @property
    def words(self) -> str:
        """Two sentences for a page, which come from the numbers.

        "The accuracy of LeNet-5 (plain) is 2.1 points below that of LeNet-5 (with augmentation)
        (95 % interval: 1.2 to 3.0 points; 5 seeds, paired). That is more than noise."
        """
        size, unit = self.mean * self.measure.scale, self.measure.unit
        side = "above" if size >= 0 else "below"
        sentence = (
            f"The {self.measure.name} of {words.amid(self.first)} is {self._number(abs(size))}"
            f" {unit} {side} that of {words.amid(self.second)} ({self._interval}{self.method})."
        )
        return f"{sentence} {self._conclusion}"

    def _number(self, value: float) -> str:
        least = 1 if self.measure.scale == 100 else 2
        # An end of an interval that is close to zero shows on which side it lies.
        decimals = next((each for each in range(least, least + 3) if round(value, each)), least)
        # Rounded first, and 0 added: there is no −0.0.
        return f"{round(value, decimals) + 0:.{decimals}f}".replace("-", "−")

    @property
    def _interval(self) -> str:
        if isnan(self.low):
            return ""
        sign = 1 if self.mean >= 0 else -1
        ends = sorted(sign * end * self.measure.scale for end in (self.low, self.high))
        low, high = (self._number(end) for end in ends)
        return f"95\N{NO-BREAK SPACE}% interval: {low} to {high} {self.measure.unit}; "

    @property
    def _conclusion(self) -> str:
        if isnan(self.p):
            return "Whether that is more than noise cannot be told."
        among = f", also among {self.compared} comparisons" if self.compared > 1 else ""
        if self._of_images:
            return (
                f"That is more than the noise of the test images{among}; what another seed would"
                " change is not known."
            )
        return f"That is {self.verdict}{among}."


def compare(
    first: Run | Sequence[Run], second: Run | Sequence[Run], measure: str | Measure = "accuracy"
) -> Difference:
    """The seeds of one experiment against the seeds of another on the same data.

        compare(runs.of("lenet5-augmented"), runs.of("lenet5-plain"))
        compare(runs.of("lenet5-augmented"), runs.of("lenet5-plain"), "gap")

    `measure` is one of `MEASURES` by its name, or one of your own.

    With three common seeds or more, Student's interval of the differences seed by seed: it speaks
    of other seeds on these test images. Seeds on different copies of the data are no pair. Else,
    for the accuracy and the gap, a normal interval from the number of test images (a binomial
    count on each side), to which the seeds' variance is added if one of the sides has several. It
    is a little too wide, as both were tested on the same images. The other measures have Student's
    of two common seeds, wide as it is, or none.

    Raises `ValueError` for an unknown measure, or runs on different data.
    """
    chosen = measure_of(measure)
    sides = as_seeds(first), as_seeds(second)
    data = [_tested_on(side[0].experiment) for side in sides]
    if data[0] != data[1]:
        raise ValueError(f"`second` must be on the data of `first`, {data[0]}. Received: {data[1]}")
    titles = [title(side) for side in sides]
    values = [
        {(run.experiment.seed, run.provenance.dataset_fingerprint): chosen.of(run) for run in side}
        for side in sides
    ]
    common = sorted(values[0].keys() & values[1].keys())
    counted = chosen in (MEASURES["accuracy"], MEASURES["gap"])
    # From two differences Student's interval is 13 of its standard errors wide to either side.
    if len(common) > (2 if counted else 1):
        gains = np.array([values[0][pair] - values[1][pair] for pair in common])
        mean, low, high, p = _student(gains.mean(), gains.var(ddof=1) / len(gains), len(gains) - 1)
        ends = max(low, -chosen.largest), min(high, chosen.largest)
        return Difference(*titles, chosen, mean, *ends, p, f"{len(common)} seeds, paired")
    numbers = [np.array([*side.values()]) for side in values]
    if not counted:
        mean = numbers[0].mean() - numbers[1].mean()
        return Difference(*titles, chosen, float(mean), nan, nan, nan, "too few seeds")
    # The training images are the ones that were trained on: in a gap they are no sample.
    return _apart(titles, chosen, numbers, sum(map(_counting, sides)))


def with_published(runs: Run | Sequence[Run]) -> Difference:
    """The accuracy of an experiment's seeds against the write-up's of one seed, as in `compare`.

    Raises `ValueError` if the write-up has no such network.
    """
    seeds = as_seeds(runs)
    theirs = published.of(seeds[0])
    titles = [title(seeds), "the write-up"]
    numbers = [np.array([run.test.accuracy for run in seeds]), np.array([theirs.accuracy])]
    counted = _counting(seeds) + _binomial(theirs.accuracy, theirs.images)
    return _apart(titles, MEASURES["accuracy"], numbers, counted)


def of_published(first: str, second: str) -> Difference:
    """The write-up's accuracy of one experiment against its accuracy of another, as in `compare`.

        of_published("alexnet-augmented", "alexnet-plain")   ->  3.1 points, within noise

    Raises `ValueError` for a name that it does not have, or two of different data.
    """
    names = first, second
    for name in names:
        if name not in published.RESULTS:
            every = ", ".join(published.RESULTS)
            raise ValueError(f"`first` and `second` must be of {every}. Received: {name!r}")
    data = [CATALOGUE[name].dataset for name in names]
    if data[0] != data[1]:
        raise ValueError(f"`second` must be on the data of `first`, {data[0]}. Received: {data[1]}")
    titles = [f"the write-up's {words.experiment(CATALOGUE[name])}" for name in names]
    sides = [published.RESULTS[name] for name in names]
    numbers = [np.array([each.accuracy]) for each in sides]
    counted = sum(_binomial(each.accuracy, each.images) for each in sides)
    return _apart(titles, MEASURES["accuracy"], numbers, counted)


def among(runs: Iterable[Run], measure: str | Measure = "accuracy") -> tuple[Difference, ...]:
    """The comparisons that one would make among these runs, taken `together`.

        among(runs.of("lenet5-plain") + runs.of("lenet5-augmented"))   ->  1
        among(runs.catalogued())                                       ->  13, once all are recorded

    Two variants of one network are compared, and two networks of one variant on the same data.
    """
    return together(compare(later, earlier, measure) for later, earlier in pairs(runs))


def pairs(runs: Iterable[Run]) -> list[tuple[Sequence[Run], Sequence[Run]]]:
    """Which seeds `among` compares with which, the later experiment of the catalogue first."""
    recorded = [seeds for seeds in by_experiment(runs).values() if seeds]
    return [
        (later, earlier)
        for earlier, later in combinations(recorded, 2)
        if _comparable(earlier[0].experiment, later[0].experiment)
    ]


def _comparable(one: Experiment, other: Experiment) -> bool:
    same_data = one.dataset == other.dataset
    return same_data and (one.model == other.model or one.variant == other.variant)


def together(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """Several comparisons at once, each p adjusted for how many they are.

    Of twenty differences that are chance alone, one looks like more in the mean. Holm's step-down
    procedure keeps the risk of even one such error below `LEVEL`. What cannot be told is not
    counted.

    Source: Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure.
    """
    differences = tuple(differences)
    p = np.array([difference.p for difference in differences])
    told = np.flatnonzero(~np.isnan(p))
    order = told[np.argsort(p[told], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    p[order] = np.minimum(1, np.maximum.accumulate(p[order] * factors))
    return tuple(
        replace(difference, p=float(adjusted), compared=len(told))
        for difference, adjusted in zip(differences, p, strict=True)
    )


def half_interval(values: np.ndarray) -> np.ndarray:
    """Half the width of Student's 95 % interval of the mean: `(n, ...)` -> `(...)`, with n ≥ 2."""
    count = len(values)
    return stdtrit(count - 1, 1 - LEVEL / 2) * values.std(0, ddof=1) / count**0.5


def _tested_on(experiment: Experiment) -> str:
    if experiment.held_out:
        return f"{experiment.dataset}, on {experiment.held_out:.0%} of its training images held out"
    return experiment.dataset


def _counting(seeds: Sequence[Run]) -> float:
    """The variance of their mean accuracy by the choice of the test images."""
    accuracy = float(np.mean([run.test.accuracy for run in seeds]))
    return _binomial(accuracy, int(np.sum(seeds[0].confusion)))


def _binomial(accuracy: float, images: int) -> float:
    return accuracy * (1 - accuracy) / images


def _apart(
    titles: Sequence[str], measure: Measure, values: Sequence[np.ndarray], counted: float
) -> Difference:
    """Without pairs: the variance of the test images, and of the seeds as far as it is known."""
    mean = values[0].mean() - values[1].mean()
    freedom = sum(len(v) - 1 for v in values)
    method = IMAGES_ALONE
    seeded = 0.0
    if freedom:
        spread = sum(((v - v.mean()) ** 2).sum() for v in values) / freedom
        seeded = spread * sum(1 / len(v) for v in values)
        method = "test images and seeds"
    # Welch and Satterthwaite: of the two variances, only the seeds' is estimated from few values.
    freedom = freedom * ((counted + seeded) / seeded) ** 2 if seeded else np.inf
    return Difference(*titles, measure, *_student(mean, counted + seeded, freedom), method)


def _student(mean: float, variance: float, freedom: float) -> tuple[float, float, float, float]:
    """Mean, the ends of its 95 % interval, and how often chance gives as much."""
    error = variance**0.5
    half = stdtrit(freedom, 1 - LEVEL / 2) * error
    p = 2 * stdtr(freedom, -abs(mean) / error) if error else mean == 0
    return float(mean), float(mean - half), float(mean + half), float(p)
