"""The networks as data: what the layers are, which shapes they have, what they cost.

A network is a line of `Conv`, `Pool`, `Dropout`, `Flatten` and `Dense`. `models.build` turns
the line into a Keras model; the arithmetic here needs nothing but Python, so that a page can
draw a network of 134 million parameters without making one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from .layers import output_size

VARIANTS = ("plain", "augmented", "augmented_dropout")
"""As is; flips, rotations and zooms first; the same and `Dropout(0.2)` before `Flatten`."""
STEPS = (
    "with_augmentation",
    "with_layers",
    "with_recipe",
    "with_augmentation_layers",
    "with_augmentation_recipe",
    "with_layers_recipe",
)
"""What lies between the write-up's experiment and a found one: the parts that are taken over."""
FOUND = (
    *("tuned", "refined", "polished", "regularized", "decayed"),
    *("fast", "drawn", "whitened", "mended", "own", *STEPS),
)
"""What searches found: the best of a first, a second and a third one; what leaves less to learn by
heart, the same by shrinking its weights, what learns most quickly, the same from weights drawn by
chance, the write-up's recipe from whitened ones, what makes a network learn that hardly did, a
reader's own, and what lies between.
Their augmentation and what is changed in the layers stand in the experiment."""


class Conv(NamedTuple):
    """A convolution with bias and ReLU: `filters` kernels of `size` × `size`."""

    filters: int
    size: int
    stride: int = 1
    padding: str = "valid"
    initializer: str = "glorot_uniform"
    activation: str = "relu"


class Pool(NamedTuple):
    """Max pooling over windows of `size` × `size`."""

    size: int
    stride: int


class Dropout(NamedTuple):
    """Leaves out this share of its inputs while training; does nothing in prediction."""

    rate: float


class Flatten(NamedTuple):
    """Writes a `(H, W, C)` block as one vector of `H * W * C` numbers."""


class Dense(NamedTuple):
    """A fully-connected layer; with `max_norm`, each unit's weights are kept that short."""

    units: int
    activation: str = "relu"
    max_norm: float | None = None
    initializer: str = "glorot_uniform"


Block = Conv | Pool | Dropout | Flatten | Dense


@dataclass(frozen=True)
class Architecture:
    """A network: its layers up to the last, and the picture and classes it is meant for."""

    title: str
    image_size: int
    classes: int
    blocks: tuple[Block, ...]
    source: str
    """The key of the paper in `book/references.bib`."""

    def layers(self, variant: str = "plain", classes: int | None = None) -> tuple[Block, ...]:
        """All layers in order, the variant's dropout and the softmax at the end included."""
        check_variant(variant)
        blocks = list(self.blocks)
        if variant == "augmented_dropout":
            blocks.insert(blocks.index(Flatten()), Dropout(0.2))
        return (*blocks, Dense(classes or self.classes, "softmax"))


def changed(
    blocks: tuple[Block, ...],
    *,
    activation: str | None = None,
    initializer: str | None = None,
    dropout: float | None = None,
    hidden_units: int | None = None,
) -> tuple[Block, ...]:
    """The same stack of layers with other settings; what is `None` stays as it is.

    changed(layers, activation="elu")     -> in place of every ReLU
    changed(layers, initializer="he_normal")   -> for all kernels
    changed(layers, dropout=0.1)          -> in every dropout layer; if there is none, in a
                                             new one before `Flatten`; 0 leaves them out
    changed(layers, hidden_units=256)     -> in the first dense layer, and in the other hidden
                                             ones in proportion
    """
    stack = list(blocks)
    if dropout is not None:
        if not any(isinstance(block, Dropout) for block in stack):
            stack.insert(stack.index(Flatten()), Dropout(dropout))
        stack = [
            Dropout(dropout) if isinstance(block, Dropout) else block
            for block in stack
            if dropout or not isinstance(block, Dropout)
        ]
    hidden = [block for block in stack if isinstance(block, Dense) and block.activation == "relu"]
    wider = hidden_units / hidden[0].units if hidden_units else 1
    for place, block in enumerate(stack):
        if isinstance(block, Conv | Dense) and initializer:
            block = block._replace(initializer=initializer)
        if isinstance(block, Dense) and block.activation == "relu":
            block = block._replace(units=max(1, round(wider * block.units)))
        if isinstance(block, Conv | Dense) and block.activation == "relu" and activation:
            block = block._replace(activation=activation)
        stack[place] = block
    return tuple(stack)


def _base_block(filters: int) -> tuple[Block, ...]:
    conv = Conv(filters, 3, padding="same")
    return (conv, Dropout(0.2), conv, Pool(2, 2))


def _vgg_block(convolutions: int, filters: int) -> tuple[Block, ...]:
    return (*[Conv(filters, 3, padding="same")] * convolutions, Pool(2, 2))


_ALEXNET = (
    Conv(96, 11, stride=4, initializer="he_normal"),
    Pool(3, 2),
    Conv(256, 5, padding="same", initializer="he_normal"),
    Pool(3, 2),
    Conv(384, 3, padding="same", initializer="he_normal"),
    Conv(384, 3, padding="same", initializer="he_normal"),
    Conv(256, 3, padding="same", initializer="he_normal"),
    Pool(3, 2),
    Flatten(),
    Dense(4096),
    Dense(4096),
)
_VGG16 = (
    *(_vgg_block(2, 64) + _vgg_block(2, 128)),
    *(_vgg_block(3, 256) + _vgg_block(3, 512) + _vgg_block(3, 512)),
    *(Flatten(), Dense(4096), Dense(4096)),
)

ARCHITECTURES = {
    "base": Architecture(
        "Base model", 32, 10,
        (*_base_block(32), *_base_block(64), *_base_block(128),
         Flatten(), Dropout(0.2), Dense(1024, max_norm=2), Dropout(0.2)),
        "ermlab2018cifar",
    ),
    "lenet5": Architecture(
        "LeNet-5", 32, 10,
        (Conv(6, 5), Pool(2, 2), Conv(16, 5), Pool(2, 2), Flatten(), Dense(120), Dense(84)),
        "lecun1998gradient",
    ),
    # The write-up's has a layer of 1,000 units more than the paper, before its five classes.
    "alexnet": Architecture("AlexNet", 227, 5, (*_ALEXNET, Dense(1000)), "krizhevsky2012imagenet"),
    "vgg16": Architecture("VGG16", 224, 5, _VGG16, "simonyan2015very"),
    # The two as published, for the parameter arithmetic (AlexNet's grouping aside).
    "alexnet-imagenet": Architecture(
        "AlexNet as published", 227, 1000, _ALEXNET, "krizhevsky2012imagenet"
    ),
    "vgg16-imagenet": Architecture("VGG16 as published", 224, 1000, _VGG16, "simonyan2015very"),
}  # fmt: skip


@dataclass(frozen=True)
class LayerShape:
    """One row of a network's summary."""

    layer: Block
    name: str
    """`conv1`, `pool1`, `dropout1`, `flatten`, `dense1`, …; the same as in the Keras model."""
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    """Multiplications, each with its addition, for one image; comparisons are not counted."""


def architecture(name: str) -> Architecture:
    """The architecture of that name."""
    if name not in ARCHITECTURES:
        raise ValueError(f"`name` must be one of {', '.join(ARCHITECTURES)}. Received: {name!r}")
    return ARCHITECTURES[name]


def check_variant(variant: str) -> None:
    """Raise `ValueError` if there is no such variant."""
    if variant not in (every := VARIANTS + FOUND):
        raise ValueError(f"`variant` must be one of {', '.join(every)}. Received: {variant!r}")


def shapes(
    name: str,
    variant: str = "plain",
    *,
    classes: int | None = None,
    image_size: int | None = None,
    **changes,
) -> tuple[LayerShape, ...]:
    """Every layer's shapes, parameters and multiply-adds, by arithmetic alone.

        shapes("lenet5")[0]    ->  conv1: (32, 32, 3) -> (28, 28, 6), 456 parameters
        parameters("lenet5")   ->  62006

    `changes` are those of `changed`.

    Raises `ValueError` for an unknown name or variant, and when the picture is too small
    for the network.
    """
    network = architecture(name)
    size = image_size or network.image_size
    blocks = changed(network.layers(variant, classes), **changes)
    return tuple(_walk(blocks, (size, size, 3)))


def parameters(
    name: str, *, classes: int | None = None, image_size: int | None = None, **changes
) -> int:
    """How many numbers training adjusts; the variants have equally many."""
    rows = shapes(name, classes=classes, image_size=image_size, **changes)
    return sum(row.parameters for row in rows)


def multiply_adds(name: str, *, image_size: int | None = None) -> int:
    """How many multiplications, each with its addition, one image takes on its way forward."""
    return sum(row.multiply_adds for row in shapes(name, image_size=image_size))


def _walk(blocks: tuple[Block, ...], shape: tuple[int, ...]) -> Iterator[LayerShape]:
    seen: dict[str, int] = {}
    for block in blocks:
        kind = type(block).__name__.lower()
        seen[kind] = seen.get(kind, 0) + 1
        output, weights, bias = _measure(block, shape)
        yield LayerShape(
            layer=block,
            name=kind if kind == "flatten" else f"{kind}{seen[kind]}",
            input_shape=shape,
            output_shape=output,
            parameters=weights + bias,
            # Each kernel is applied once at every place of the output.
            multiply_adds=weights * prod(output[:-1]),
        )
        shape = output


def _measure(block: Block, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int, int]:
    """Output shape, number of weights, number of biases."""
    match block:
        case Conv(filters, size, stride, padding):
            side = output_size(shape[0], size, stride, padding)
            return (side, side, filters), size * size * shape[2] * filters, filters
        case Pool(size, stride):
            side = output_size(shape[0], size, stride)
            return (side, side, shape[2]), 0, 0
        case Flatten():
            return (prod(shape),), 0, 0
        case Dense(units):
            return (units,), shape[0] * units, units
        case _:
            return shape, 0, 0
