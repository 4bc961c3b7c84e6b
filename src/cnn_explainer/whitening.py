"""First weights that know the pictures (Krähenbühl et al. 2016).

Drawn by chance, the kernels of a layer see much of the same: most of what neighbouring pixels have
is their common brightness. Here each kernel is one of the main directions in which a layer's inputs
differ, and as long as it takes for its outputs to vary by one. So the units of a layer do not begin
by all saying the same: their outputs are uncorrelated, around zero.
"""

from collections.abc import Iterator

import keras
import numpy as np
from keras import ops

PICTURES = 1_000
PIXELS = 5_000_000
"""In all pictures together; of large ones, fewer are looked at."""
PATCHES = 25_000
FLOOR = 1e-3
"""Share of the largest variance that is added to each: the least ones are mostly noise."""


def whiten(model: keras.Model, images: np.ndarray) -> None:
    """Set the first weights of all layers but the last by what the pictures make of them.

        whiten(build("lenet5"), images)    -> `conv1` sees light, slopes, edges

    A layer of more units than directions has some of them twice, with the opposite sign. A layer
    of too many inputs for so few pictures keeps the directions that were drawn; as everywhere, its
    outputs begin with mean 0 and variance 1.

    **Input shape**: `images` is `(N, H, W, 3)`, values from 0 to 255; only the first are looked at.
    """
    height, width = images.shape[1:3]
    few = images[: max(1, min(PICTURES, PIXELS // (height * width)))]
    for layer, maps in _with_inputs(model, ops.cast(few, "float32")):
        values = _patches(layer, ops.convert_to_numpy(ops.cast(maps, "float32")))
        mean = values.mean(axis=0)
        values = values - mean
        drawn = np.asarray(layer.kernel).reshape(values.shape[1], -1)
        known = _directions(values)[:, : drawn.shape[1]]
        others = drawn[:, known.shape[1] :]
        weights = np.concatenate(
            [known, others / _divisor(np.std(values @ others, axis=0))], axis=1
        )
        layer.kernel.assign(weights.reshape(layer.kernel.shape))
        layer.bias.assign(-mean @ weights)


def _with_inputs(model: keras.Model, maps: keras.KerasTensor) -> Iterator[tuple]:
    """All layers that have weights but the last, each with what comes in when it is reached."""
    *hidden, last = (layer for layer in model.layers if layer.weights)
    for layer in model.layers:
        if layer is last:
            return
        if layer in hidden:
            yield layer, maps
        maps = layer(maps)


def _patches(layer: keras.Layer, maps: np.ndarray) -> np.ndarray:
    """What the kernel is multiplied with at each place, `(places, weights of a unit)`."""
    if maps.ndim == 2:
        return maps
    size, step = layer.kernel.shape[0], layer.strides[0]
    if layer.padding == "same":
        edge = size // 2
        maps = np.pad(maps, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(maps, (size, size), axis=(1, 2))
    windows = windows[:, ::step, ::step]
    count = np.prod(windows.shape[:3])
    places = np.unravel_index(np.arange(0, count, -(-count // PATCHES)), windows.shape[:3])
    return np.moveaxis(windows[places], 1, -1).reshape(len(places[0]), -1)


def _directions(values: np.ndarray) -> np.ndarray:
    """The main directions of values around zero, the largest first, then each turned around.

    **Output shape**: `(weights of a unit, directions)`; none where the values are too few to tell.
    """
    count, width = values.shape
    if count < 2 * width:
        return np.empty((width, 0))
    variances, directions = np.linalg.eigh(values.T @ values / count)
    variances, directions = variances[::-1], directions[:, ::-1]
    # A direction has no sign by itself: the brighter way is up.
    directions = directions * np.where(directions.sum(axis=0) < 0, -1, 1)
    scaled = directions / _divisor(np.sqrt(variances + FLOOR * variances[0]))
    return np.concatenate([scaled, -scaled], axis=1)


def _divisor(spread: np.ndarray) -> np.ndarray:
    """What does not vary stays as it is."""
    return np.where(spread > 0, spread, 1)
