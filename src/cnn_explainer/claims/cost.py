"""What the write-up says about time."""

import numpy as np

from .. import words
from ..architectures import multiply_adds, parameters
from ..experiments import CATALOGUE, get
from ..provenance import quickest
from ..published import RESULTS
from ..runs import Run
from .claim import Claim, Outcome, Seeds, beyond, holds_if, listed, percent
from .concepts import MODELS, called

ABOUT = 0.1
"""What a number said with "about" may be off by, as a share."""

OVERWHELMING = 5
"""By what factor VGG16 must be slower than any other network."""


def _slower(*experiments: Seeds) -> Outcome:
    theirs = RESULTS["vgg16-plain"].fit_seconds
    others = {name: each.fit_seconds for name, each in RESULTS.items() if "vgg16" not in name}
    slowest = max(others, key=others.get)
    factor = theirs / others[slowest]
    said = (
        f"In the write-up, plain, {factor:.1f} times as long as"
        f" {words.amid(words.experiment(CATALOGUE[slowest]))}, the slowest of the others."
        f" {_here(*experiments)}"
    )
    return holds_if(factor >= OVERWHELMING, said)


def _here(vgg: Seeds, alexnet: Seeds) -> str:
    """Epoch by epoch, as not all may have been trained."""
    if not vgg or not alexnet:
        return "Ours cannot be said, as not both VGG16 and AlexNet, plain, are recorded."
    ours, theirs = quickest(vgg), quickest(alexnet)
    processors = {run.provenance.processor for run in (ours, theirs)}
    if len(processors) > 1:
        return f"Ours were trained on unlike machines: {listed(sorted(processors))}."
    factor = _epoch(ours) / _epoch(theirs)
    return f"Here, on {processors.pop()}, an epoch takes {factor:.1f} times as long as AlexNet's."


def _epoch(run: Run) -> float:
    """The seconds of one, with its look at the test images."""
    return float(np.median(np.add(run.history.train_seconds, run.history.val_seconds)))


def _most_complex() -> Outcome:
    sizes = {model: parameters(model) for model in MODELS}
    work = {model: multiply_adds(model) for model in MODELS}
    said = listed(
        f"{called(model)} {sizes[model] / 1e6:,.2f} and {work[model] / 1e6:,.1f}"
        for model in MODELS
    )
    most = {max(sizes, key=sizes.get), max(work, key=work.get)}
    return holds_if(
        most == {"vgg16"}, f"Millions of parameters, and of multiply-adds for a picture: {said}."
    )


def _hours() -> Outcome:
    hours = [
        each.fit_seconds / 3600
        for name, each in RESULTS.items()
        if "vgg16" in name and not each.note
    ]
    return holds_if(
        all(abs(8.3 / each - 1) <= ABOUT for each in hours),
        f"The write-up's table has {listed(f'{each:.1f}' for each in hours)} hours, and a third"
        " time in which the machine slept.",
    )


def _slept() -> Outcome:
    """Augmentation works on the pictures, and AlexNet's are as large and as many."""
    more = {
        model: RESULTS[f"{model}-augmented"].fit_seconds - RESULTS[f"{model}-plain"].fit_seconds
        for model in ("alexnet", "vgg16")
    }
    factor = more["vgg16"] / more["alexnet"]
    return holds_if(
        factor >= OVERWHELMING,
        f"Augmentation took {more['alexnet']:,.0f} s with AlexNet, on as many pictures of about the"
        f" same size. With VGG16 it would have taken {more['vgg16']:,.0f} s, {factor:,.0f} times as"
        " long.",
    )


CLAIMS = (
    Claim(
        "colab-times-out",
        "The trainings are too long for a session on Google Colab.",
        "Fit times",
        "None.",
        beyond("Nothing was trained there."),
    ),
    Claim(
        "vgg-most-complex",
        "VGG16 is the most complex of the networks.",
        "Fit times",
        "Parameters and multiply-adds.",
        _most_complex,
    ),
    Claim(
        "vgg-slowest",
        "It takes overwhelmingly longer to fit than the others.",
        "Fit times",
        f"The write-up's times, and ours; it holds if its own are {OVERWHELMING} times apart.",
        _slower,
        uses=(get("vgg16-plain"), get("alexnet-plain")),
    ),
    Claim(
        "vgg-hours",
        "It takes about 8.3 hours.",
        "Fit times",
        "The write-up's own table, without the training in which the machine slept; it holds if the"
        f" number is within {percent(ABOUT, 0)} of each.",
        _hours,
    ),
    Claim(
        "vgg-slept",
        "The longest time, that of VGG16 with augmentation, contains the machine's sleep.",
        "Fit times",
        "What augmentation cost the write-up's AlexNet, against what it cost its VGG16.",
        _slept,
    ),
)
