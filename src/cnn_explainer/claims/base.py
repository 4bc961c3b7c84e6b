"""What the write-up says about the base model."""

import numpy as np

from ..architectures import Conv, Dense, Dropout, shapes
from ..experiments import get
from .claim import Claim, Outcome, Seeds, Verdict, holds_if, listed, percent, untold
from .evidence import has_layers, judged_by_seed, mean_curve, reproduces, takes
from .steps import calmer

PLAIN = get("base-plain")
SAME_DATA = get("lenet5-augmented")
SLOW = get("lenet5-augmented", learning_rate=0.001)

ABOUT_TEN = (5, 15)
"""What is taken for "about ten epochs"."""

WORSE = 1.1
"""By what factor the validation loss must rise again to be called overfitting."""


def _overfits_after_ten(seeds: Seeds) -> Outcome:
    loss, accuracy = mean_curve(seeds, "val_loss"), mean_curve(seeds, "val_accuracy")
    trained = mean_curve(seeds, "loss")
    lowest, best, learned = (int(each.argmin()) + 1 for each in (loss, -accuracy, trained))
    rise, unlearned = (each[-1] / each.min() for each in (loss, trained))
    words = (
        f"The validation loss is lowest after epoch {lowest} and ends at {rise:.2f} times that."
        f" The validation accuracy is best after epoch {best}, and in the end"
        f" {100 * (accuracy.max() - accuracy[-1]):.1f} points lower."
    )
    if unlearned >= WORSE:
        words += (
            f" But the training loss, too, is lowest after epoch {learned} and ends at"
            f" {unlearned:.2f} times that, which no learning by heart explains."
        )
    return holds_if(ABOUT_TEN[0] <= lowest <= ABOUT_TEN[1] and rise >= WORSE, words)


def _rate_found(seeds: Seeds) -> Outcome:
    loss, rate = mean_curve(seeds, "loss"), seeds[0].experiment.recipe.learning_rate
    lowest = int(loss.argmin()) + 1
    return holds_if(
        lowest <= ABOUT_TEN[1],
        f"The rate is {rate:g} from the first epoch to the last; a curve shows the loss. In"
        f" training, that is lowest after epoch {lowest} of {len(loss)}.",
    )


def _repetitive_data(usual: Seeds, slow: Seeds) -> Outcome:
    """What a smaller rate takes away may still come from the data: the two are multiplied."""
    found = calmer("val_accuracy")(slow, usual)
    said = "So the data may have a part in it, or something else."
    if found.verdict == Verdict.HOLDS:
        said = (
            "So the rate has a part in the steps. That the data has none does not follow: a step"
            " is the rate times what a batch of the data says."
        )
    return untold(f"{found.words} {said}")


def _one_dropout() -> Outcome:
    layers = [row.layer for row in shapes("base")]
    dropped = [i for i, layer in enumerate(layers) if isinstance(layer, Dropout)]
    after = [layers[i - 1] for i in dropped]
    wide = [isinstance(layer, Dense) and layer.units == 1024 for layer in after]
    rates = listed(sorted({f"{layers[i].rate:g}" for i in dropped}))
    return holds_if(
        len(dropped) == 1 and all(wide),
        f"It has {len(dropped)}, with a rate of {rates}; {sum(wide)} of them stands behind the"
        " dense layer of 1,024 units.",
    )


def _right_in_spite(seeds: Seeds) -> Outcome:
    right = np.array([run.test.accuracy for run in seeds])
    return judged_by_seed(
        right < 0.5,
        f"Its accuracy is {percent(right.mean())}, where guessing has {percent(1 / 10, 0)}. A right"
        " answer is what one expects of it. The loss is no share of anything.",
    )


CLAIMS = (
    Claim(
        "base-convolutions",
        "The base model has six convolutions.",
        "Base model",
        "Its layers, counted.",
        has_layers("base", Conv, 6),
    ),
    Claim(
        "base-dropout",
        "It has one dropout layer, of 20 %, behind a dense layer of 1,024 units.",
        "Base model",
        "Its layers, looked at.",
        _one_dropout,
    ),
    Claim(
        "base-accuracy",
        "Its accuracy is 0.71.",
        "Base model",
        "Our accuracy against it.",
        reproduces,
        uses=(PLAIN,),
    ),
    Claim(
        "base-overfits-after-ten",
        "It learns well for about ten epochs, and then overfits.",
        "Base model",
        f"It holds if the validation loss is lowest after epoch {ABOUT_TEN[0]} to {ABOUT_TEN[1]}"
        f" and ends at {WORSE:g} times that or more.",
        _overfits_after_ten,
        needs=(PLAIN,),
    ),
    Claim(
        "base-rate-found",
        "Within these epochs a good learning rate is reached; then the loss begins to rise.",
        "Base model",
        f"The recipe; it holds if the training loss is lowest by epoch {ABOUT_TEN[1]}.",
        _rate_found,
        needs=(PLAIN,),
    ),
    Claim(
        "repetitive-data",
        "Repeated steps in the curves mean that the data has repetitive features.",
        "Base model",
        "A tenth of the rate on the same data (LeNet-5, augmented): do the steps stay?",
        _repetitive_data,
        needs=(SAME_DATA, SLOW),
    ),
    Claim(
        "base-right-in-spite",
        "That it is right about the aeroplane is remarkable, as its measures are poor.",
        "Base model",
        "How often it is right; it would hold below one half.",
        _right_in_spite,
        needs=(PLAIN,),
    ),
    Claim(
        "base-aeroplane",
        "It recognises an aeroplane.",
        "Base model",
        "Its answers to the aeroplanes among the test images; it holds if most are right.",
        takes("airplane", "airplane", "aeroplane"),
        needs=(PLAIN,),
    ),
)
