"""What the write-up says about how convolutional networks work; arithmetic decides."""

from collections.abc import Iterator

import numpy as np

from ..architectures import Conv, Dense, LayerShape, Pool, architecture, shapes
from ..experiments import get
from ..layers import avg_pool2d, conv2d, max_pool2d, output_size, relu
from ..probes import aeroplane
from .claim import Claim, Outcome, Seeds, beyond, holds_if, listed, percent
from .evidence import judged_by_seed

MODELS = ("base", "lenet5", "alexnet", "vgg16")


def called(model: str) -> str:
    """A network in a sentence."""
    return "the base model" if model == "base" else architecture(model).title


def _order() -> Outcome:
    rows = [shapes(model) for model in MODELS]
    so = [isinstance(r[0].layer, Conv) and isinstance(r[-1].layer, Dense) for r in rows]
    return holds_if(all(so), f"So it is in {sum(so)} of the {len(so)} networks.")


def _three_kinds() -> Outcome:
    rows = [row for model in MODELS for row in shapes(model)]
    others = [row for row in rows if not isinstance(row.layer, Conv | Pool | Dense)]
    names = listed(sorted({type(row.layer).__name__ for row in others}))
    weights = sum(row.parameters for row in others)
    return holds_if(
        not weights,
        f"So are {len(rows) - len(others)} of the {len(rows)} layers of the four networks. The"
        f" others, {names}, have {weights} weights.",
    )


def _convolutions_compute() -> Outcome:
    parts = {model: _convolutions_share(shapes(model)) for model in MODELS}
    said = listed(f"{percent(p)} in {called(model)}" for model, p in parts.items())
    return holds_if(min(parts.values()) > 0.5, f"Their share of the multiply-adds: {said}.")


def _convolutions_share(rows: tuple[LayerShape, ...]) -> float:
    of = [row.multiply_adds for row in rows if isinstance(row.layer, Conv)]
    return sum(of) / sum(row.multiply_adds for row in rows)


def _larger_parts() -> Outcome:
    views = {model: [*_views(model)] for model in MODELS}
    grows = all(np.all(np.diff(sides) > 0) for sides in views.values())
    said = listed(
        f"from {sides[0]} to {sides[-1]} pixels in {called(model)}"
        for model, sides in views.items()
    )
    return holds_if(grows, f"The side of what a unit sees grows with each convolution: {said}.")


def _views(model: str) -> Iterator[int]:
    """The side of what one place of each convolution sees of the picture, in pixels."""
    side = step = 1
    for row in shapes(model):
        if isinstance(row.layer, Conv | Pool):
            side += (row.layer.size - 1) * step
            step *= row.layer.stride
            if isinstance(row.layer, Conv):
                yield side


def _colour_picture() -> Outcome:
    shape = aeroplane(32).shape
    return holds_if(
        shape[:2] == (3, 3),
        f"It has the shape {shape}: rows, columns, channels. Only the number of channels is 3.",
    )


def _flat_filter() -> Outcome:
    depths = [row.input_shape[-1] for row in _convolutions()]
    return holds_if(
        max(depths) == 1,
        f"Each filter has a slice for each channel of its input: {min(depths)} to {max(depths)} of"
        " them. Its weights have three axes.",
    )


def _three_by_three() -> Outcome:
    sizes = [row.layer.size for row in _convolutions()]
    return holds_if(
        sizes.count(3) > len(sizes) / 2,
        f"So are {sizes.count(3)} of the {len(sizes)} convolutions of the four networks; the"
        f" others are of side {listed(map(str, sorted({*sizes} - {3})))}.",
    )


def _convolutions() -> list[LayerShape]:
    return [row for model in MODELS for row in shapes(model) if isinstance(row.layer, Conv)]


def _dot_products() -> Outcome:
    image, kernel = _random((6, 6, 3), (3, 3, 3, 1))
    found = conv2d(image, kernel, stride=2)[..., 0]
    windows = [[image[i : i + 3, j : j + 3] for j in (0, 2)] for i in (0, 2)]
    by_hand = np.array([[np.vdot(window, kernel) for window in row] for row in windows])
    error = np.abs(found - by_hand).max()
    return holds_if(error < 1e-12, f"The largest difference is {error:.0e}.")


def _fixed_and_learned(seeds: Seeds) -> Outcome:
    small, large = (shapes("lenet5", image_size=size)[0].parameters for size in (32, 64))
    kernels = [run.filters.kernels for run in seeds]
    moved = np.array([np.abs(each[-1] - each[0]).mean() for each in kernels])
    said = (
        f"The first layer has {small} parameters for a picture of side 32, and {large} for one of"
        f" side 64. In training its weights changed by {moved.mean():.3f} on average."
    )
    return judged_by_seed((moved > 0) & (small == large), said)


def _settings() -> Outcome:
    image, kernel, more = _random((8, 8, 3), (3, 3, 3, 4), (3, 3, 3, 5))
    usual = conv2d(image, kernel).shape
    others = [
        conv2d(image, more).shape,
        conv2d(image, kernel, stride=2).shape,
        conv2d(image, kernel, padding="same").shape,
    ]
    said = f"The shape {usual} becomes {listed(map(str, others))}. The filter's side counts, too."
    return holds_if(all(shape != usual for shape in others), said)


def _padding() -> Outcome:
    padded = [row for row in _convolutions() if row.layer.padding == "same"]
    unfit = [row for row in padded if (row.input_shape[0] - row.layer.size) % row.layer.stride]
    kept = [row for row in padded if row.input_shape[0] == row.output_shape[0]]
    return holds_if(
        len(unfit) == len(padded),
        f"Of the {len(padded)} padded convolutions, {len(unfit)} would not fit without it."
        f" In {len(kept)} it keeps the picture's size.",
    )


def _relu_on_filter() -> Outcome:
    image, kernel = _random((8, 8, 1), (3, 3, 1, 1))
    apart = np.abs(conv2d(image, relu(kernel)) - relu(conv2d(image, kernel))).max()
    return holds_if(
        apart < 1e-12,
        "ReLU is applied to what the filter makes, the feature map. On the filter itself it would"
        f" give other numbers, here by up to {apart:.1f}.",
    )


def _relu_bends() -> Outcome:
    one, other = _random((9,), (9,))
    apart = np.abs(relu(one + other) - relu(one) - relu(other)).max()
    said = f"ReLU of a sum and the sum of the ReLUs differ by up to {apart:.2f}."
    return holds_if(apart > 0, said)


def _pooling_saves() -> Outcome:
    rows = shapes("lenet5")
    dense = next(row for row in rows if isinstance(row.layer, Dense))
    side = 32
    for row in rows:
        if isinstance(row.layer, Conv):
            side = output_size(side, row.layer.size)
            channels = row.layer.filters
    without = (side * side * channels + 1) * dense.layer.units
    return holds_if(
        without > dense.parameters,
        f"Without its pooling, the first dense layer of LeNet-5 would have {without:,} parameters"
        f" and not {dense.parameters:,}. The convolutions have as many either way.",
    )


def _pooling_plain() -> Outcome:
    pools = [row for model in MODELS for row in shapes(model) if isinstance(row.layer, Pool)]
    weights = sum(row.parameters for row in pools)
    dropped = [(row.input_shape[0] - row.layer.size) % row.layer.stride for row in pools]
    image = np.arange(16.0).reshape(4, 4, 1)
    right = max_pool2d(image)[0, 0, 0] == 5 and avg_pool2d(image)[0, 0, 0] == 2.5
    return holds_if(
        bool(right) and not weights and not any(dropped),
        f"{len(pools)} pooling layers have {weights} weights, and leave {sum(dropped)} rows out.",
    )


def _zero_or_one(seeds: Seeds) -> Outcome:
    sure = np.array([run.calibration.count[-1] / sum(run.calibration.count) for run in seeds])
    bins = len(seeds[0].calibration.count)
    return judged_by_seed(
        sure > 0.5,
        f"Of the answers of LeNet-5 (plain), {percent(1 - sure.mean())} have a probability below"
        f" {percent(1 - 1 / bins)}. Softmax gives numbers between 0 and 1, which sum to 1.",
    )


def _softmax_last() -> Outcome:
    dense = [[r.layer for r in shapes(m) if isinstance(r.layer, Dense)] for m in MODELS]
    last = sum(layers[-1].activation == "softmax" for layers in dense)
    others = sum(layer.activation == "relu" for layers in dense for layer in layers[:-1])
    said = (
        f"So it is in {last} of {len(dense)} networks. The other {others} dense layers have ReLU."
    )
    return holds_if(last == len(dense), said)


def _random(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in shapes]


CLAIMS = (
    Claim(
        "rise-of-deep-learning",
        "Computer vision drove deep learning: it rose from 2011, won ImageNet's contest in 2012 and"
        " was widely used by 2016.",
        "Business understanding",
        "None.",
        beyond("It is history, which no training decides."),
    ),
    Claim(
        "competing-networks",
        "Generative adversarial networks are two that compete; to classify rightly is essential.",
        "Why CNNs",
        "None.",
        beyond("No such network was trained."),
    ),
    Claim(
        "order-of-layers",
        "A convolution comes first and a fully connected layer comes last.",
        "How CNNs work",
        "The first and the last layer of the four networks.",
        _order,
    ),
    Claim(
        "three-kinds-of-layers",
        "Networks consist of three main kinds of layers: convolution, pooling, fully connected.",
        "How CNNs work",
        "The layers of the four networks; it holds if all weights are in these three.",
        _three_kinds,
    ),
    Claim(
        "simple-things-first",
        "The first layers look at simple things, such as edges and colours.",
        "How CNNs work",
        "None.",
        beyond(
            "What counts as simple is a judgement. What the first filters look for can be seen in"
            " the networks' chapters."
        ),
    ),
    Claim(
        "from-parts-to-whole",
        "The later layers look at larger parts of the picture.",
        "How CNNs work",
        "How much of the picture one unit of each convolution sees, by arithmetic.",
        _larger_parts,
    ),
    Claim(
        "convolutions-compute",
        "Most of the computation happens in the convolutions.",
        "The convolution layer",
        "Multiply-adds, layer by layer.",
        _convolutions_compute,
    ),
    Claim(
        "colour-is-three-by-three",
        "A colour picture is a 3 × 3 matrix with a further dimension for colour.",
        "The convolution layer",
        "The shape of one.",
        _colour_picture,
    ),
    Claim(
        "flat-filter",
        "A filter's weights lie in rows and columns, and in no third direction.",
        "The convolution layer",
        "The shapes of all filters of the four networks.",
        _flat_filter,
    ),
    Claim(
        "three-by-three",
        "A filter is typically of size 3 × 3.",
        "The convolution layer",
        "The sizes of all filters of the four networks.",
        _three_by_three,
    ),
    Claim(
        "dot-products",
        "The feature map holds the dot products of the filter with the places it is moved to.",
        "The convolution layer",
        "A convolution of random numbers, against dot products by hand.",
        _dot_products,
    ),
    Claim(
        "fixed-and-learned",
        "A filter keeps its weights on its way over the picture; training changes them.",
        "The convolution layer",
        "Parameters at two picture sizes; the first layer's filters before and after training.",
        _fixed_and_learned,
        needs=(get("lenet5-plain"),),
    ),
    Claim(
        "three-settings",
        "The number of filters, the stride and the padding decide about the output.",
        "The convolution layer",
        "The shape of the output, with each of them changed.",
        _settings,
    ),
    Claim(
        "padding-fits",
        "Padding is there for filters and strides that do not fit the picture.",
        "The convolution layer",
        "All padded convolutions of the four networks, without their padding.",
        _padding,
    ),
    Claim(
        "relu-on-filter",
        "After the convolution, ReLU is applied to the filter.",
        "The convolution layer",
        "ReLU on the filter against ReLU on the feature map, with random numbers.",
        _relu_on_filter,
    ),
    Claim(
        "relu-bends",
        "ReLU makes the network non-linear.",
        "The convolution layer",
        "ReLU of a sum against the sum of the ReLUs.",
        _relu_bends,
    ),
    Claim(
        "pooling-saves",
        "Pooling reduces the number of parameters.",
        "The pooling layer",
        "LeNet-5 with and without pooling, by arithmetic.",
        _pooling_saves,
    ),
    Claim(
        "pooling-plain",
        "Pooling goes over the whole picture without weights, and keeps the largest or the mean.",
        "The pooling layer",
        "Weights and left-out rows of all pooling layers; both kinds on a small array.",
        _pooling_plain,
    ),
    Claim(
        "zero-or-one",
        "The last layer gives a probability of 0 or 1.",
        "The fully connected layer",
        "The probabilities of the answers on the test images; it would hold if most were near 1.",
        _zero_or_one,
        needs=(get("lenet5-plain"),),
    ),
    Claim(
        "softmax-last",
        "The last layer has softmax in place of ReLU.",
        "The fully connected layer",
        "The dense layers of the four networks.",
        _softmax_last,
    ),
)
