"""What the write-up says about AlexNet and its variants."""

import numpy as np

from ..architectures import Conv, Dense, shapes
from ..experiments import get
from ..pitfalls import stretched
from .claim import Claim, Outcome, Seeds, holds_if, listed
from .evidence import (
    closes_with_data,
    falls,
    has_layers,
    judged_by_seed,
    overfits,
    probability,
    published_rise,
    reproduces,
    rises,
    takes,
)
from .steps import SETTLED, SPEED, calmer, wilder

PLAIN, AUGMENTED, DROPOUT = (
    get(f"alexnet-{variant}") for variant in ("plain", "augmented", "augmented_dropout")
)
SLOW = get("alexnet-plain", learning_rate=0.001)
SHARES = tuple(get("alexnet-plain", train_share=share) for share in (0.25, 0.5, 1))


def _dense_pair() -> Outcome:
    dense = [row.layer for row in shapes("alexnet") if isinstance(row.layer, Dense)]
    units = [layer.units for layer in dense]
    return holds_if(
        units[:2] == [4096, 4096] and dense[-1].activation == "softmax",
        f"Its dense layers have {listed(f'{count:,}' for count in units)} units; the last one has"
        f" {dense[-1].activation}.",
    )


def _shares(seeds: Seeds) -> Outcome:
    """Whether what the write-up's bars show are probabilities: they would sum to 1."""
    sums = np.array([stretched(run.probes["rose"]).sum() for run in seeds])
    return judged_by_seed(
        np.isclose(sums, 1, atol=0.01),
        f"Those of our drawn rose then sum to {sums.mean():.2f}. The largest bar is always 1,"
        " and the smallest 0.",
    )


CLAIMS = (
    Claim(
        "alexnet-convolutions",
        "AlexNet has four convolutions.",
        "AlexNet",
        "Its layers, counted.",
        has_layers("alexnet", Conv, 4),
    ),
    Claim(
        "alexnet-dense",
        "They are followed by a pair of dense layers of 4,096 units; the last layer has softmax.",
        "AlexNet",
        "Its layers, looked at.",
        _dense_pair,
    ),
    Claim(
        "alexnet-accuracies",
        "Its accuracies are 0.716 (plain), 0.747 (augmented) and 0.758 (with dropout, too).",
        "AlexNet",
        "Our accuracies against them.",
        reproduces,
        uses=(PLAIN, AUGMENTED, DROPOUT),
    ),
    Claim(
        "alexnet-overfits",
        "It overfits very strongly.",
        "AlexNet",
        "The gap between the accuracies on the training and on the test images.",
        overfits,
        needs=(PLAIN,),
    ),
    Claim(
        "alexnet-little-data",
        "The reason is the small dataset.",
        "AlexNet",
        "A quarter, a half and all of the training images: does the gap shrink, where they are"
        " known?",
        closes_with_data,
        needs=SHARES,
    ),
    Claim(
        "alexnet-rate",
        "Its learning rate is reasonable, yet uncertain.",
        "AlexNet",
        "A tenth of the rate: does the validation accuracy scatter less?",
        calmer("val_accuracy"),
        needs=(SLOW, PLAIN),
    ),
    Claim(
        "alexnet-rose",
        "It recognises a rose.",
        "AlexNet",
        "Its answers to the roses among the test images; it holds if most are right.",
        takes("roses", "roses", "rose"),
        needs=(PLAIN,),
    ),
    Claim(
        "alexnet-augmentation-helps",
        "Augmentation makes it more accurate.",
        "AlexNet, augmented",
        "The accuracies on the test images.",
        rises("accuracy"),
        needs=(AUGMENTED, PLAIN),
    ),
    Claim(
        "alexnet-71-to-74",
        "That the accuracy rose from 0.716 to 0.747 shows it.",
        "AlexNet, augmented",
        "The write-up's two numbers, against the noise of its test images.",
        published_rise(AUGMENTED.name, PLAIN.name),
    ),
    Claim(
        "alexnet-augmented-loss",
        "Augmentation makes its loss smaller.",
        "AlexNet, augmented",
        "The losses on the test images.",
        falls("loss"),
        needs=(AUGMENTED, PLAIN),
    ),
    Claim(
        "alexnet-closer",
        "With augmentation, validation comes nearer to training.",
        "AlexNet, augmented",
        "The gap between the accuracies on the training and on the test images.",
        falls("gap"),
        needs=(AUGMENTED, PLAIN),
    ),
    Claim(
        "alexnet-gradual",
        "With augmentation it learns more gradually.",
        "AlexNet, augmented",
        f"The training accuracy after {SETTLED} epochs: is it lower?",
        falls(SPEED),
        needs=(AUGMENTED, PLAIN),
    ),
    Claim(
        "alexnet-uncertain",
        "From the tenth epoch on its training is more uncertain with augmentation.",
        "AlexNet, augmented",
        "How much the training accuracy scatters.",
        wilder("accuracy"),
        needs=(AUGMENTED, PLAIN),
    ),
    Claim(
        "alexnet-rose-as-tulip",
        "With augmentation it takes a rose for a tulip.",
        "AlexNet, augmented",
        "Its answers to the roses among the test images; it holds if most are tulips.",
        takes("roses", "tulips", "rose"),
        needs=(AUGMENTED,),
    ),
    Claim(
        "alexnet-less-jagged",
        "With dropout the loss is less jagged.",
        "AlexNet, dropout",
        "How much the validation loss scatters.",
        calmer("val_loss"),
        needs=(DROPOUT, AUGMENTED),
    ),
    Claim(
        "alexnet-dropout-helps",
        "Dropout makes it more accurate.",
        "AlexNet, dropout",
        "The accuracies on the test images.",
        rises("accuracy"),
        needs=(DROPOUT, AUGMENTED),
    ),
    Claim(
        "alexnet-74-to-75",
        "That the accuracy rose from 0.747 to 0.758 shows it.",
        "AlexNet, dropout",
        "The write-up's two numbers, against the noise of its test images.",
        published_rise(DROPOUT.name, AUGMENTED.name),
    ),
    Claim(
        "alexnet-dropout-rose",
        "Dropout makes its answer to the rose better.",
        "AlexNet, dropout",
        "The probability of roses for the drawn rose, with and without dropout.",
        rises(probability("rose", "roses")),
        needs=(DROPOUT, AUGMENTED),
    ),
    Claim(
        "bars-are-probabilities",
        "The prediction says that the picture is tulips to about 15 %.",
        "AlexNet, dropout",
        "The write-up stretches the probabilities by their smallest and largest: do they still sum"
        " to 1?",
        _shares,
        needs=(DROPOUT,),
    ),
)
