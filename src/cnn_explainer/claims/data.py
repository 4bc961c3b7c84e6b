"""What the write-up says about its networks' names, its data and its measures."""

import numpy as np

from .. import published, words
from ..architectures import ARCHITECTURES, architecture, shapes
from ..datasets import SOURCES
from ..experiments import CATALOGUE, get
from ..metrics import evaluate
from ..runs import Run
from .claim import Claim, Outcome, Seeds, beyond, holds_if, listed, untold
from .evidence import training_images

ALL = tuple(CATALOGUE.values())
FLOWERS = tuple(each for each in ALL if each.dataset == "tf_flowers")

OXFORD = (17, 102)
"""Classes in the two flower collections of Oxford (Nilsback and Zisserman, 2006 and 2008)."""

IN_THE_TEXT = {
    "base-plain": 0.70,
    "lenet5-plain": 0.59,
    "lenet5-augmented": 0.59,
    "lenet5-augmented_dropout": 0.59,
    "alexnet-plain": 0.71,
    "alexnet-augmented": 0.74,
    "alexnet-augmented_dropout": 0.75,
}
"""The accuracies that the write-up's sentences name; its tables are in `published`."""


def _fifteen() -> Outcome:
    learning = sum(row.parameters > 0 for row in shapes("lenet5"))
    return holds_if(
        learning == 15,
        f"The number counts the layers that learn: {learning}. The network is LeNet-5.",
    )


def _as_published() -> Outcome:
    pairs = [(name, f"{name}-imagenet") for name in ("alexnet", "vgg16")]
    more = {
        architecture(name).title: len(ARCHITECTURES[name].blocks) - len(ARCHITECTURES[own].blocks)
        for name, own in pairs
    }
    same = [ARCHITECTURES[name].blocks == ARCHITECTURES[own].blocks for name, own in pairs]
    said = listed(f"{title} has {count or 'no'} layer more" for title, count in more.items())
    return holds_if(
        all(same),
        f"Up to the number of classes, {said} than published. What else differs, the networks'"
        " own chapters say.",
    )


def _cifar(seeds: Seeds) -> Outcome:
    run = seeds[0]
    images, side, classes = training_images(run), run.experiment.image_size, len(run.classes)
    return holds_if(
        (images, side, classes) == (50_000, 32, 10),
        f"A training used {images:,} pictures of {words.shape((side, side))} pixels, in {classes}"
        " classes.",
    )


def _flower_photos(*experiments: Seeds) -> Outcome:
    run = next((seeds[0] for seeds in experiments if seeds), None)
    if run is None:
        return untold("No network of the flowers is recorded.")
    tested, images = _tested(run), training_images(run) + _tested(run)
    return holds_if(
        (images, tested, len(run.classes)) == (3670, 1101, 5),
        f"There are {images:,}, in {len(run.classes)} classes; {tested:,} of them are for testing.",
    )


def _oxford() -> Outcome:
    source = SOURCES["tf_flowers"]
    return holds_if(
        len(source.classes) in OXFORD,
        f"They have {len(source.classes)} classes and are {source.title}; Oxford's collections"
        f" have {listed(map(str, OXFORD))}.",
    )


def _photo_size() -> Outcome:
    sides = sorted({each.image_size for each in FLOWERS})
    return holds_if(
        sides == [227, 277],
        "The photographs have many sizes. They are resized to squares of side"
        f" {listed(map(str, sides))}.",
    )


def _uncleaned(*experiments: Seeds) -> Outcome:
    recorded = [run for seeds in experiments for run in seeds]
    if not recorded:
        return untold("Nothing is recorded.")
    better = [
        run.test.accuracy > np.sum(run.confusion, axis=1).max() / _tested(run) for run in recorded
    ]
    return holds_if(
        all(better),
        f"{sum(better)} of {len(better)} trainings on the data as it comes end above what always"
        " giving the most frequent class would reach. Nobody looked for wrong labels.",
    )


def _accuracy_counts(*experiments: Seeds) -> Outcome:
    recorded = [run for seeds in experiments for run in seeds]
    if not recorded:
        return untold("Nothing is recorded.")
    same = [np.isclose(np.trace(r.confusion) / _tested(r), r.test.accuracy) for r in recorded]
    said = f"Accuracy is the share of right answers in {sum(same)} of {len(same)} records."
    return holds_if(all(same), said)


def _binary(*experiments: Seeds) -> Outcome:
    never = {classes: evaluate(np.full((classes, classes), 1 / classes), np.arange(classes))
             for classes in (10, 5)}  # fmt: skip
    floor = listed(f"{each.binary_accuracy:.2f} with {k} classes" for k, each in never.items())
    said = f"A network that says no to everything has a binary accuracy of {floor}."
    recorded = [run for seeds in experiments for run in seeds]
    if recorded:
        low, high = np.percentile([run.test.binary_accuracy for run in recorded], (0, 100))
        said += f" The trained networks have {low:.3f} to {high:.3f}."
    return holds_if(all(each.binary_accuracy < 0.5 for each in never.values()), said)


def _categorical(*experiments: Seeds) -> Outcome:
    sides = [side for seeds in experiments for run in seeds for side in (run.train, run.test)]
    if not sides:
        return untold("Nothing is recorded.")
    same = [
        side.categorical_accuracy == side.accuracy and side.categorical_crossentropy == side.loss
        for side in sides
    ]
    return holds_if(
        not all(same),
        f"In {sum(same)} of {len(same)} evaluations categorical accuracy is the accuracy, and"
        " categorical cross-entropy the loss, to the last digit.",
    )


def _loss_in_percent(*experiments: Seeds) -> Outcome:
    losses = [each.loss for each in published.RESULTS.values()]
    losses += [run.test.loss for seeds in experiments for run in seeds]
    above = sum(loss > 1 for loss in losses)
    return holds_if(
        not above,
        f"A loss is in nats and has no upper end. {above} of {len(losses)}, the write-up's and"
        f" ours, are above 1, the largest is {max(losses):.2f}.",
    )


def _text_and_tables() -> Outcome:
    off = {
        name: said - published.RESULTS[name].accuracy
        for name, said in IN_THE_TEXT.items()
        if abs(said - published.RESULTS[name].accuracy) > 0.01
    }
    named = listed(
        f"{words.experiment(CATALOGUE[name])} by {100 * abs(by):.1f} points"
        for name, by in off.items()
    )
    are = "is" if len(off) == 1 else "are"
    wrong = f"{len(off)} of the {len(IN_THE_TEXT)} {are} off by more than a point"
    return holds_if(not off, f"{wrong}{f': {named}' if off else ''}.")


def _tested(run: Run) -> int:
    return int(np.sum(run.confusion))


CLAIMS = (
    Claim(
        "lenet-15",
        "One of the networks is called LeNet15.",
        "Project overview",
        "Its layers, counted.",
        _fifteen,
    ),
    Claim(
        "as-published",
        "AlexNet and VGG16 are built as they were published.",
        "Project overview",
        "Their layers against those of the papers.",
        _as_published,
    ),
    Claim(
        "cifar-size",
        "CIFAR-10 gives 50,000 pictures of 32 × 32 pixels in ten classes to train on.",
        "Data",
        "The pictures that a training used, from its speed and time.",
        _cifar,
        needs=(get("lenet5-plain"),),
    ),
    Claim(
        "flowers-size",
        "There are 3,670 flowers in five classes, and 1,101 of them for validation.",
        "Data",
        "The pictures that a training used, from its speed, time and confusion matrix.",
        _flower_photos,
        uses=FLOWERS,
    ),
    Claim(
        "oxford-flowers",
        "The flowers are the dataset of Oxford University.",
        "Data",
        "The number of classes, against Oxford's two collections.",
        _oxford,
    ),
    Claim(
        "flowers-227-by-277",
        "The flowers are pictures of 227 × 277 pixels.",
        "Data",
        "The sizes that the two networks take.",
        _photo_size,
    ),
    Claim(
        "no-cleaning",
        "The data can be used as it comes, without cleaning.",
        "Data",
        "All trainings, on the data as it comes, against the most frequent class.",
        _uncleaned,
        uses=ALL,
    ),
    Claim(
        "hard-for-the-eye",
        "Pictures of 32 × 32 pixels are hard to tell apart for a person.",
        "Base model",
        "None.",
        beyond("No person was asked."),
    ),
    Claim(
        "accuracy-counts",
        "Accuracy is the measure of how often a picture is classified rightly.",
        "Metrics",
        "The accuracy against the diagonal of the confusion matrix.",
        _accuracy_counts,
        uses=ALL,
    ),
    Claim(
        "categorical-accuracy",
        "Categorical accuracy tells something beside accuracy, as the loss is categorical.",
        "Metrics",
        "The two, and cross-entropy and loss, in every record.",
        _categorical,
        uses=ALL,
    ),
    Claim(
        "binary-accuracy",
        "Binary accuracy is a measure of how good a network is.",
        "Metrics",
        "A network that never says yes; the claim would hold if that got less than half.",
        _binary,
        uses=ALL,
    ),
    Claim(
        "loss-in-percent",
        "A loss can be given in per cent.",
        "Base model",
        "Whether any loss is above one.",
        _loss_in_percent,
        uses=ALL,
    ),
    Claim(
        "text-and-tables",
        "The accuracies in the sentences are those that were measured.",
        "All networks",
        "The sentences against the write-up's tables; it holds if none is off by over a point.",
        _text_and_tables,
    ),
)
