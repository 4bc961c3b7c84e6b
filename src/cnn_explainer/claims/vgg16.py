"""What the write-up says about VGG16 and its variants."""

from itertools import pairwise
from operator import gt, lt

import numpy as np

from .. import words
from ..architectures import Conv
from ..datasets import SOURCES
from ..experiments import CATALOGUE, get
from ..published import RESULTS
from .claim import Claim, Outcome, Seeds, holds_if, listed, untold
from .evidence import (
    TRAINING,
    closes_with_data,
    falls,
    has_layers,
    judged_by_seed,
    overfits,
    probability,
    reproduces,
    rises,
    still_overfits,
    takes,
)
from .steps import calmer, wilder

PLAIN, AUGMENTED, DROPOUT = (
    get(f"vgg16-{variant}") for variant in ("plain", "augmented", "augmented_dropout")
)
ALEXNET = get("alexnet-augmented_dropout")
OTHERS = tuple(each for each in CATALOGUE.values() if each.model != "vgg16")
SHARES = tuple(get("vgg16-plain", train_share=share) for share in (0.25, 0.5, 1))

FAMILY = {
    "A": ("3", "3", "33", "33", "33"),
    "B": ("33", "33", "33", "33", "33"),
    "C": ("33", "33", "331", "331", "331"),
    "D": ("33", "33", "333", "333", "333"),
    "E": ("33", "33", "3333", "3333", "3333"),
}
"""The kernels' sides in each block, of 64, 128, 256, 512 and 512 filters (Simonyan, table 1).

A-LRN is left out: it is A with a normalisation, which has no weights.
"""


def _in_the_middle() -> Outcome:
    """As many of its family have fewer weights as have more."""
    weights = {name: _weights(blocks) for name, blocks in FAMILY.items()}
    said = listed(
        f"{len(''.join(blocks)) + 3} layers and {weights[name] / 1e6:.0f} million weights"
        for name, blocks in FAMILY.items()
    )
    lighter, heavier = (
        sum(compare(each, weights["D"]) for each in weights.values()) for compare in (lt, gt)
    )
    return holds_if(
        lighter == heavier,
        f"The networks of the paper have {said}. VGG16 is the fourth: {lighter} have fewer weights"
        f" and {heavier} has more.",
    )


def _weights(blocks: tuple[str, ...]) -> int:
    """With the paper's three dense layers for 1,000 classes; without biases."""
    before, weights = 3, 0
    for sides, filters in zip(blocks, (64, 128, 256, 512, 512), strict=True):
        for side in map(int, sides):
            weights += side * side * before * filters
            before = filters
    return weights + sum(a * b for a, b in pairwise((7 * 7 * 512, 4096, 4096, 1000)))


def _highest_loss(vgg: Seeds, *others: Seeds) -> Outcome:
    """Losses on ten and on five classes: compared because the claim does."""
    losses = np.array([run.test.loss for run in vgg])
    rest = {
        words.amid(words.experiment(seeds[0].experiment)): float(
            np.mean([run.test.loss for run in seeds])
        )
        for seeds in others
        if seeds
    }
    theirs = {name: each.loss for name, each in RESULTS.items() if "vgg16" not in name}
    own = RESULTS[PLAIN.name].loss
    said = (
        f"In the write-up's tables it is {own:.2f}, and the highest of the others"
        f" {max(theirs.values()):.2f}. Ours is {np.mean(losses):.2f} on the test images."
    )
    if not rest:
        return untold(f"{said} Nothing else is recorded.")
    highest = max(rest, key=rest.get)
    said += f" The highest of the {len(rest)} others is {rest[highest]:.2f}, of {highest}."
    if len(vgg) == 1:
        return untold(f"{said} What another seed would change, one training does not show.")
    return judged_by_seed(losses > rest[highest], said)


def _dandelion(seeds: Seeds) -> Outcome:
    classes = SOURCES["tf_flowers"].classes
    rows = [run.confusion[classes.index("roses")] for run in seeds]
    counts = np.mean(rows, axis=0)
    taken, roses = counts[classes.index("dandelion")], counts.sum()
    shares = [run.probes["rose"][classes.index("dandelion")] for run in seeds]
    return holds_if(
        taken / roses > 1 / len(classes),
        f"Of {roses:.0f} roses among the test images, {taken:.0f} are taken for a dandelion. With"
        f" the drawn rose, dandelion has {np.mean(shares):.3f}; softmax gives each class some.",
    )


CLAIMS = (
    Claim(
        "vgg-convolutions",
        "VGG16 has 13 convolutions.",
        "VGG16",
        "Its layers, counted.",
        has_layers("vgg16", Conv, 13),
    ),
    Claim(
        "vgg-in-the-middle",
        "It is in the middle of its family in complexity.",
        "VGG16",
        "The weights of the networks in the paper, by arithmetic.",
        _in_the_middle,
    ),
    Claim(
        "vgg-accuracies",
        "Its accuracies are 0.530 (plain), 0.718 (augmented) and 0.737 (with dropout, too).",
        "VGG16",
        "Our accuracies against them.",
        reproduces,
        uses=(PLAIN, AUGMENTED, DROPOUT),
    ),
    Claim(
        "vgg-overfits",
        "It overfits very strongly.",
        "VGG16",
        "The gap between the accuracies on the training and on the test images.",
        overfits,
        needs=(PLAIN,),
    ),
    Claim(
        "vgg-highest-loss",
        "Its validation loss is the highest so far.",
        "VGG16",
        "The losses of the base model, LeNet-5 and AlexNet, in the write-up and here; it holds if"
        " ours is above them with every seed.",
        _highest_loss,
        needs=(PLAIN,),
        uses=OTHERS,
    ),
    Claim(
        "vgg-little-data",
        "The dataset is too small for so complex a network.",
        "VGG16",
        "A quarter, a half and all of the training images: does the gap shrink, where they are"
        " known?",
        closes_with_data,
        needs=SHARES,
    ),
    Claim(
        "vgg-rose",
        "It recognises a rose, in spite of that.",
        "VGG16",
        "Its answers to the roses among the test images; it holds if most are right.",
        takes("roses", "roses", "rose"),
        needs=(PLAIN,),
    ),
    Claim(
        "vgg-augmented-training",
        "With augmentation it gets more accurate in training.",
        "VGG16, augmented",
        "The accuracies on the training images at the end.",
        rises(TRAINING),
        needs=(AUGMENTED, PLAIN),
    ),
    Claim(
        "vgg-augmented-uncertain",
        "With augmentation its training is more uncertain.",
        "VGG16, augmented",
        "How much the training accuracy scatters.",
        wilder("accuracy"),
        needs=(AUGMENTED, PLAIN),
    ),
    Claim(
        "vgg-augmented-overfits",
        "With augmentation it still overfits.",
        "VGG16, augmented",
        "The gap between the accuracies on the training and on the test images: is there one?",
        still_overfits,
        needs=(AUGMENTED,),
    ),
    Claim(
        "vgg-augmented-closer",
        "With augmentation it overfits less.",
        "VGG16, augmented",
        "The gap between the accuracies on the training and on the test images.",
        falls("gap"),
        needs=(AUGMENTED, PLAIN),
    ),
    Claim(
        "vgg-augmented-loss",
        "With augmentation its validation loss is much smaller.",
        "VGG16, augmented",
        "The losses on the test images.",
        falls("loss"),
        needs=(AUGMENTED, PLAIN),
    ),
    Claim(
        "vgg-augmented-tulips",
        "With augmentation it prefers tulips to roses more than AlexNet does.",
        "VGG16, augmented",
        "The probability of tulips for the drawn rose.",
        rises(probability("rose", "tulips")),
        needs=(AUGMENTED, ALEXNET),
    ),
    Claim(
        "vgg-dropout-training",
        "Dropout makes it a little more accurate in training.",
        "VGG16, dropout",
        "The accuracies on the training images at the end.",
        rises(TRAINING),
        needs=(DROPOUT, AUGMENTED),
    ),
    Claim(
        "vgg-dropout-loss",
        "Dropout makes its validation loss a little smaller.",
        "VGG16, dropout",
        "The losses on the test images.",
        falls("loss"),
        needs=(DROPOUT, AUGMENTED),
    ),
    Claim(
        "vgg-dropout-closer",
        "With dropout, validation comes nearer to training.",
        "VGG16, dropout",
        "The gap between the accuracies on the training and on the test images.",
        falls("gap"),
        needs=(DROPOUT, AUGMENTED),
    ),
    Claim(
        "vgg-dropout-calmer",
        "With dropout its curves are less jagged.",
        "VGG16, dropout",
        "How much the validation accuracy scatters.",
        calmer("val_accuracy"),
        needs=(DROPOUT, AUGMENTED),
    ),
    Claim(
        "vgg-dropout-tulips",
        "With dropout it takes the rose for tulips less: 30 % in place of 45 %.",
        "VGG16, dropout",
        "The probability of tulips for the drawn rose, with and without dropout.",
        falls(probability("rose", "tulips")),
        needs=(DROPOUT, AUGMENTED),
    ),
    Claim(
        "vgg-dandelion",
        "With dropout it confuses a rose with a dandelion.",
        "VGG16, dropout",
        "Its answers to the roses among the test images; it holds above what guessing would give.",
        _dandelion,
        needs=(DROPOUT,),
    ),
)
