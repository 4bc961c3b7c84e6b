"""What the write-up concludes."""

from itertools import combinations

import numpy as np

from .. import words
from ..comparison import compare, together
from ..experiments import CATALOGUE, get
from ..provenance import by_machine, quickest
from .claim import Claim, Outcome, Seeds, Verdict, beyond, holds_if, listed, percent, untold
from .evidence import ordered, rises

RATES = tuple(get("lenet5-augmented", learning_rate=rate) for rate in (0.1, 0.01, 0.001))
SHARES = tuple(get("lenet5-plain", train_share=share) for share in (1, 0.25))
PAIRS = tuple(
    get(f"{model}-{variant}")
    for variant in ("plain", "augmented", "augmented_dropout")
    for model in ("vgg16", "alexnet")
)
LARGE = ("alexnet", "vgg16")
TWICE = 2
"""By what factor a more powerful machine must be quicker."""


def _rates_matter(*rates: Seeds) -> Outcome:
    said = listed(
        f"{percent(np.mean([run.test.accuracy for run in seeds]))} at"
        f" {seeds[0].experiment.recipe.learning_rate:g}"
        for seeds in rates
    )
    # All pairs together: the one that is shown is found by looking at each.
    found = together(compare(one, other) for one, other in combinations(rates, 2))
    told = [each for each in found if each.more_than_noise]
    shown = max(told or found, key=lambda each: abs(each.mean))
    said = f"LeNet-5, augmented, reaches {said}. {shown.words}"
    return untold(said) if shown.verdict == "cannot be told" else holds_if(bool(told), said)


def _no_better(*pairs: Seeds) -> Outcome:
    """VGG16 and AlexNet by turns, for each variant."""
    recorded = [(v, a) for v, a in zip(pairs[::2], pairs[1::2], strict=True) if v and a]
    if not recorded:
        return untold("Of no variant are both recorded.")
    found = together(compare(vgg, alexnet) for vgg, alexnet in recorded)
    verdicts = {ordered(each, 1).verdict for each in found if each.mean > 0}
    said = " ".join(each.words for each in found)
    if Verdict.UNTOLD in verdicts and Verdict.HOLDS not in verdicts:
        return untold(said)
    return holds_if(Verdict.HOLDS not in verdicts, said)


def _more_power(*experiments: Seeds) -> Outcome:
    """Of an experiment on several machines, the longest fit time and the shortest."""
    machines = by_machine(run for seeds in experiments for run in seeds)
    times = {
        seeds[0].experiment: sorted(quickest(there).fit_seconds for there in found.values())
        for seeds in experiments
        if len(found := by_machine(run for run in seeds if run.complete)) > 1
    }
    said = f"Kinds of processors and accelerators among the records: {len(machines)}."
    if times:
        took = listed(
            f"{words.experiment(each)} {slow:,.0f} s on one and {quick:,.0f} s on another"
            for each, (quick, *_, slow) in times.items()
        )
        said += f" A whole training took: {took}."
    large = [slow / quick for each, (quick, *_, slow) in times.items() if each.model in LARGE]
    if not large:
        return untold(f"{said} No large network was trained on more than one.")
    return holds_if(min(large) >= TWICE, said)


CLAIMS = (
    Claim(
        "not-trivial",
        "It is not easy to make a network that is both accurate and fast.",
        "Conclusion",
        "None.",
        beyond("It is a judgement."),
    ),
    Claim(
        "settings-matter",
        "Even a ready-made network needs its settings chosen with care.",
        "Conclusion",
        "Three learning rates: is the best more accurate than the worst?",
        _rates_matter,
        needs=RATES,
    ),
    Claim(
        "quantity-matters",
        "The quantity of the data matters.",
        "Conclusion",
        "All of the training images against a quarter of them (LeNet-5, plain).",
        rises("accuracy"),
        needs=SHARES,
    ),
    Claim(
        "quality-matters",
        "The quality of the data matters.",
        "Conclusion",
        "None.",
        beyond("Each network was trained on one copy of its data."),
    ),
    Claim(
        "power-matters",
        "Large networks need computing power to be trained in less time.",
        "Conclusion",
        "Fit times of AlexNet and VGG16 on several processors; it holds if they are"
        f" {TWICE} times apart.",
        _more_power,
        uses=tuple(CATALOGUE.values()),
    ),
    Claim(
        "vgg-marginal",
        "For all its hours, VGG16 gains little.",
        "Future work",
        "Its accuracies against AlexNet's; it holds if none is higher by more than noise.",
        _no_better,
        uses=PAIRS,
    ),
)
