"""The networks in Keras, made from the lines of data in `architectures`."""

from typing import TYPE_CHECKING

import numpy as np

from .architectures import Conv, Dense, Dropout, Flatten, LayerShape, Pool, shapes
from .experiments import SEED, WRITE_UP_AUGMENTATION, Augmentation, Precision

if TYPE_CHECKING:
    import keras


FEW = 8
"""Kernels, below which a convolution is quicker when it is folded."""
SMALL_MAP = 200
"""Pixels, up to which a convolution in 16 bits learns more quickly when it is shifted."""
BY_HALVES = 100_000_000
"""Multiply-adds for an image, below which the halves of a batch are trained on side by side."""


def build(
    name: str,
    variant: str = "plain",
    *,
    classes: int | None = None,
    image_size: int | None = None,
    augmentation: Augmentation | None = None,
    seed: int = SEED,
    precision: Precision = "float32",
    for_processor: bool = False,
    **changes,
) -> "keras.Model":
    """A fresh network, its weights drawn from `seed`.

        build("lenet5")                          -> 62,006 parameters
        build("alexnet", "augmented_dropout")    -> 62,383,349 parameters
        build("lenet5", "tuned", augmentation=Augmentation(shift=2), activation="elu")

    `augmentation` is the variant's if it is not given; `changes` are those of
    `architectures.changed`. `for_processor` gives the same network in a form that TensorFlow trains
    more quickly without an accelerator; see `halves`, `folded`, `shifted`, `strided`, `fused`,
    `warp` and `max_norm`.
    The division by 255 is a layer of the model, so that training and prediction cannot differ.

    **Input shape**: `(N, image_size, image_size, 3)`, values from 0 to 255.
    **Output shape**: `(N, classes)`, probabilities.

    Raises `ValueError` for an unknown name or variant, or a picture too small for the network.
    """
    import keras

    rows = shapes(name, variant, classes=classes, image_size=image_size, **changes)
    # Every layer that draws random numbers gets a seed of its own.
    seeds = iter(np.random.default_rng(seed).integers(2**31, size=len(rows) + 2).tolist())
    layers = [
        keras.Input(rows[0].input_shape, name="image"),
        keras.layers.Rescaling(1 / 255, name="rescaling"),
    ]
    if augmentation is None:
        augmented = variant.startswith("augmented")
        augmentation = WRITE_UP_AUGMENTATION if augmented else Augmentation()
    moved = augmentation.model_dump()
    side = moved.pop("cutout")
    if any(moved.values()):
        if for_processor:
            from .warp import FusedAffine as Affine
        else:
            from .augmentation import RandomAffine as Affine

        layers.append(Affine(**moved, seed=next(seeds), name="augmentation"))
    if side:
        from .cutout import Cutout

        layers.append(Cutout(side, next(seeds), name="cutout"))
    layers += [_layer(row, next(seeds), precision, for_processor) for row in rows]
    kind = keras.Sequential
    if for_processor and sum(row.multiply_adds for row in rows) < BY_HALVES:
        from .halves import Halves as kind
    elif keras.backend.backend() == "jax":
        from .at_once import AtOnce as kind
    return kind(layers, name=f"{name}-{variant}")


def _layer(row: LayerShape, seed: int, precision: Precision, for_processor: bool) -> "keras.Layer":
    from keras import constraints, layers

    from .dropout import Dropout as PooledDropout

    block, common = row.layer, {"name": row.name, "dtype": precision}
    activate, limit = str, constraints.MaxNorm
    if for_processor:
        from .fused import fused
        from .max_norm import MaxNorm as limit

        activate = {"relu": str, "softmax": str}.get(getattr(block, "activation", None), fused)
    match block:
        case Conv(filters, size, stride, padding, initializer, activation):
            kind = layers.Conv2D
            if for_processor and size % 2 and stride == 1:
                if filters < FEW:
                    from .folded import FoldedConv2D as kind
                elif _is_small(row) and padding == "same" and precision == "mixed_bfloat16":
                    from .shifted import ShiftedConv2D as kind
            elif for_processor and stride > 1 and padding == "valid":
                from .strided import StridedConv2D as kind
            return kind(
                filters,
                size,
                stride,
                padding,
                activation=activate(activation),
                kernel_initializer=_initializer(initializer, seed),
                **common,
            )
        case Pool(size, stride):
            return layers.MaxPooling2D(size, stride, **common)
        case Dropout(rate):
            return PooledDropout(rate, seed, **common)
        case Flatten():
            return layers.Flatten(**common)
        case Dense(units, activation, max_norm, initializer):
            # Sixteen bits are too few for probabilities that must sum to one.
            if activation == "softmax":
                common["dtype"] = "float32"
            return layers.Dense(
                units,
                activate(activation),
                kernel_initializer=_initializer(initializer, seed),
                kernel_constraint=limit(max_norm) if max_norm else None,
                **common,
            )


def _is_small(row: LayerShape) -> bool:
    height, width, _ = row.output_shape
    return height * width <= SMALL_MAP


def _initializer(name: str, seed: int) -> "keras.Initializer":
    from keras import initializers

    return initializers.get({"class_name": name, "config": {"seed": seed}})


def feature_maps(model: "keras.Model", image: np.ndarray) -> dict[str, np.ndarray]:
    """What each layer makes of one picture.

        feature_maps(build("lenet5"), image)["conv1"]    -> (28, 28, 6)

    **Input shape**: `image` is `(H, W, 3)`, values from 0 to 255.
    **Output shape**: by layer name, each layer's output for that picture.
    """
    import keras

    layers = [layer for layer in model.layers if layer.name != "image"]
    every = keras.Model(model.inputs[0], [layer.output for layer in layers])
    # `training=False`, or augmentation and dropout would be at work.
    outputs = every(np.asarray(image, np.float32)[None], training=False)
    return {
        layer.name: keras.ops.convert_to_numpy(keras.ops.cast(values[0], "float32"))
        for layer, values in zip(layers, outputs, strict=True)
    }
