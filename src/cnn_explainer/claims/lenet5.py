"""What the write-up says about LeNet-5 and its variants."""

import numpy as np

from ..architectures import Conv, Dropout, architecture, parameters, shapes
from ..comparison import compare
from ..experiments import get
from .claim import Claim, Outcome, Seeds, Verdict, holds_if, listed, percent
from .evidence import (
    TRAINING,
    alike,
    falls,
    has_layers,
    mean_curve,
    reproduces,
    rises,
    takes,
    training_images,
)
from .steps import SETTLED, SPEED, calmer

BASE = get("base-plain")
PLAIN, AUGMENTED, DROPOUT = (
    get(f"lenet5-{variant}") for variant in ("plain", "augmented", "augmented_dropout")
)
SLOW = get("lenet5-augmented", learning_rate=0.001)

EARLY = 0.25
"""The share of the epochs that is taken for "very early"."""

LAST = 5
"""Epochs at the end whose mean is taken where two curves are compared."""


def _simpler() -> Outcome:
    ours, theirs = (parameters(model) for model in ("lenet5", "base"))
    said = f"It has {ours:,} parameters, the base model {theirs:,}."
    return holds_if(ours < theirs, said)


def _no_dropout() -> Outcome:
    rows = shapes("lenet5")
    units = [row.output_shape[0] for row in rows if len(row.output_shape) == 1][1:]
    dropped = sum(isinstance(row.layer, Dropout) for row in rows)
    return holds_if(
        not dropped and units == [120, 84, 10],
        f"Its dense layers have {listed(map(str, units))} units; the last of them is the output."
        f" Dropout layers: {dropped}.",
    )


def _early(seeds: Seeds) -> Outcome:
    loss = mean_curve(seeds, "val_loss")
    lowest = int(loss.argmin()) + 1
    return holds_if(
        lowest <= EARLY * len(loss),
        f"The validation loss is lowest after epoch {lowest} of {len(loss)}, with {loss.min():.2f},"
        f" and ends at {loss[-1]:.2f}.",
    )


def _curves_apart(dropout: Seeds, augmented: Seeds) -> Outcome:
    """Of the curves, which is what the write-up looked at."""
    gaps = [_gap(seeds) for seeds in (dropout, augmented)]
    return holds_if(
        abs(gaps[0]) > abs(gaps[1]),
        f"In the last {LAST} epochs validation is {_side(gaps[0])} training with dropout, and"
        f" {_side(gaps[1])} it without. Training is measured with augmentation and dropout on,"
        " validation without.",
    )


def _lower_training(dropout: Seeds, augmented: Seeds, plain: Seeds) -> Outcome:
    ends = [_end(seeds, "accuracy") for seeds in (dropout, augmented, plain)]
    said = [percent(end) for end in ends]
    return holds_if(
        ends[0] < min(ends[1:]),
        f"In the last {LAST} epochs the training accuracy is {said[0]} with dropout, {said[1]} with"
        f" augmentation alone and {said[2]} plain.",
    )


def _millions(seeds: Seeds) -> Outcome:
    images = training_images(seeds[0])
    side = seeds[0].experiment.image_size
    numbers = images * side * side * 3
    return holds_if(
        images == 153_600_000,
        f"A training used {images:,} pictures. With {side} × {side} × 3 numbers each, they are"
        f" {numbers:,} numbers.",
    )


def _unshuffled(dropout: Seeds, augmented: Seeds) -> Outcome:
    """Here the order is drawn anew in each epoch: does dropout help now?"""
    counts = sorted({*np.sum(dropout[0].confusion, axis=1).tolist()})
    found = compare(dropout, augmented)
    helps = found.more_than_noise and found.mean > 0
    return Outcome(
        "Here the order of the training images is drawn anew in each epoch. Test images in a class:"
        f" {listed(f'{count:,}' for count in counts)}. {found.words}",
        Verdict.HOLDS if helps else Verdict.FAILS,
    )


def _end(seeds: Seeds, curve: str) -> float:
    return float(mean_curve(seeds, curve)[-LAST:].mean())


def _gap(seeds: Seeds) -> float:
    return _end(seeds, "val_accuracy") - _end(seeds, "accuracy")


def _side(gap: float) -> str:
    return f"{100 * abs(gap):.1f} points {'above' if gap > 0 else 'below'}"


CLAIMS = (
    Claim(
        "lenet-simpler",
        f"{architecture('lenet5').title} is simpler than the base model.",
        "LeNet-5",
        "Parameters.",
        _simpler,
    ),
    Claim(
        "lenet-convolutions",
        "It has two convolutions.",
        "LeNet-5",
        "Its layers, counted.",
        has_layers("lenet5", Conv, 2),
    ),
    Claim(
        "lenet-dense",
        "It has no dropout, and dense layers of 120, 84 and 10 units.",
        "LeNet-5",
        "Its layers, looked at.",
        _no_dropout,
    ),
    Claim(
        "lenet-accuracies",
        "Its accuracies are 0.577 (plain), 0.595 (augmented) and 0.591 (with dropout, too).",
        "LeNet-5",
        "Our accuracies against them.",
        reproduces,
        uses=(PLAIN, AUGMENTED, DROPOUT),
    ),
    Claim(
        "lenet-trains-better",
        "It trains better than the base model over 50 epochs.",
        "LeNet-5",
        "Accuracy on the training images at the end.",
        rises(TRAINING),
        needs=(PLAIN, BASE),
    ),
    Claim(
        "lenet-less-accurate",
        "It is less accurate than the base model.",
        "LeNet-5",
        "Accuracy on the test images at the end.",
        falls("accuracy"),
        needs=(PLAIN, BASE),
    ),
    Claim(
        "lenet-early-loss",
        "Its validation loss gets worse very early.",
        "LeNet-5",
        f"It holds if that loss is lowest in the first {percent(EARLY, 0)} of the epochs.",
        _early,
        needs=(PLAIN,),
    ),
    Claim(
        "lenet-says-dog",
        "As it is, it takes an aeroplane for a dog.",
        "LeNet-5",
        "Its answers to the aeroplanes among the test images; it holds if most are dog.",
        takes("airplane", "dog", "aeroplane"),
        needs=(PLAIN,),
    ),
    Claim(
        "lenet-as-fast",
        "With augmentation it learns at the same rate.",
        "LeNet-5, augmented",
        f"The training accuracy after {SETTLED} epochs. The learning rate that is set is the same.",
        alike(SPEED),
        needs=(AUGMENTED, PLAIN),
    ),
    Claim(
        "lenet-closer",
        "With augmentation, validation stays nearer to training.",
        "LeNet-5, augmented",
        "The gap between the accuracies on the training and on the test images.",
        falls("gap"),
        needs=(AUGMENTED, PLAIN),
    ),
    Claim(
        "rate-makes-steps",
        "The repeated steps come from the learning rate of 0.01.",
        "LeNet-5, augmented",
        "A tenth of the rate: does the validation accuracy scatter less?",
        calmer("val_accuracy"),
        needs=(SLOW, AUGMENTED),
    ),
    Claim(
        "rate-overshoots",
        "The rate of 0.01 is too large and misses its aim.",
        "LeNet-5, augmented",
        "A tenth of the rate: is the accuracy higher in the end?",
        rises("accuracy"),
        needs=(SLOW, AUGMENTED),
    ),
    Claim(
        "lenet-augmented-aeroplane",
        "With augmentation it recognises an aeroplane, in spite of its poor accuracy.",
        "LeNet-5, augmented",
        "Its answers to the aeroplanes among the test images; it holds if most are right.",
        takes("airplane", "airplane", "aeroplane"),
        needs=(AUGMENTED,),
    ),
    Claim(
        "lenet-dropout-alike",
        "Dropout leaves the accuracy as it was.",
        "LeNet-5, dropout",
        "The accuracies on the test images.",
        alike("accuracy"),
        needs=(DROPOUT, AUGMENTED),
    ),
    Claim(
        "lenet-dropout-apart",
        "With dropout, validation departs from training.",
        "LeNet-5, dropout",
        "How far the curves lie apart at the end, with and without dropout.",
        _curves_apart,
        needs=(DROPOUT, AUGMENTED),
    ),
    Claim(
        "lenet-dropout-lower",
        "With dropout, the training accuracy is lower than before.",
        "LeNet-5, dropout",
        "The curves at the end, of all three variants.",
        _lower_training,
        needs=(DROPOUT, AUGMENTED, PLAIN),
    ),
    Claim(
        "millions-of-images",
        "The training set has 153,600,000 pictures.",
        "LeNet-5, dropout",
        "The pictures that a training used, from its speed and time; arithmetic.",
        _millions,
        needs=(DROPOUT,),
    ),
    Claim(
        "unshuffled-split",
        "Dropout may have been of no use because the split was not shuffled.",
        "LeNet-5, dropout",
        "A training that shuffles, on classes of equal size: it holds if dropout helps there.",
        _unshuffled,
        needs=(DROPOUT, AUGMENTED),
    ),
)
