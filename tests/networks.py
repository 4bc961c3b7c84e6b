"""Small Keras networks of the layers that a page can run, with random settings and weights."""

import keras
import numpy as np
from keras import layers

from cnn_explainer.export import ACTIVATIONS


def random_network(seed: int) -> keras.Model:
    """A network for pictures of 7 to 17 pixels a side, with up to 4 channels, and 5 classes."""
    draw = np.random.default_rng(seed)
    height, width = draw.integers(7, 18, 2).tolist()
    channels = int(draw.integers(1, 5))
    picture = keras.Input((height, width, channels))
    scale = draw.uniform(0.002, 0.01, channels if draw.random() < 0.5 else 1).tolist()
    x = layers.Rescaling(scale, -0.5)(picture)
    for _ in range(draw.integers(1, 4)):
        x = _convolution(draw, x)
        if draw.random() < 0.5:
            x = layers.BatchNormalization(**_choices(draw, "center", "scale"))(x)
        if draw.random() < 0.5:
            bends = [layers.Activation(name) for name in ("tanh", "elu", "silu", "gelu")]
            x = draw.choice([layers.ReLU(), *bends, layers.Dropout(0.5)])(x)
        if draw.random() < 0.6:
            x = _pooling(draw, x)
    for layer in _end(draw):
        x = layer(x)
    network = keras.Model(picture, x, name=f"random-{seed}")
    spread_weights(network, draw)
    return network


def spread_weights(network: keras.Model, draw: np.random.Generator) -> None:
    """Give every weight a random value; biases and moving averages too, which begin at 0 and 1."""
    for weight in network.weights:
        if weight.path.endswith(("gamma", "moving_variance")):
            values = draw.uniform(0.5, 2, weight.shape)
        else:
            inputs = np.prod(weight.shape[:-1]) if len(weight.shape) > 1 else 4
            values = draw.normal(scale=1 / np.sqrt(inputs), size=weight.shape)
        weight.assign(values)


def activations(network: keras.Model, images: np.ndarray) -> dict[str, np.ndarray]:
    """What each layer makes of the images, by its name."""
    names, outputs = zip(*((layer.name, layer.output) for layer in network.layers), strict=True)
    values = keras.Model(network.inputs[0], outputs)(images, training=False)
    return dict(zip(names, map(keras.ops.convert_to_numpy, values), strict=True))


def _convolution(draw, x):
    size, padding = _window(draw, x, largest=4)
    # Keras does not take both at once.
    stride, dilation = draw.integers(1, 4, 2).tolist(), 1
    if padding == "same" and draw.random() < 0.4:
        stride, dilation = 1, draw.integers(1, 3, 2).tolist()
    return layers.Conv2D(
        int(draw.integers(2, 8)),
        size,
        strides=stride,
        padding=padding,
        dilation_rate=dilation,
        activation=draw.choice(ACTIVATIONS),
        **_choices(draw, "use_bias"),
    )(x)


def _pooling(draw, x):
    kind = draw.choice([layers.MaxPooling2D, layers.AveragePooling2D])
    size, padding = _window(draw, x, largest=3)
    return kind(size, draw.integers(1, 4, 2).tolist(), padding)(x)


def _window(draw, x, largest: int) -> tuple[list[int], str]:
    """A size, and a padding with which it fits."""
    size = draw.integers(1, largest + 1, 2).tolist()
    fits = all(window <= length for window, length in zip(size, x.shape[1:3], strict=True))
    return size, "valid" if fits and draw.random() < 0.6 else "same"


def _choices(draw, *names: str) -> dict[str, bool]:
    return {name: bool(draw.random() < 0.7) for name in names}


def _end(draw) -> list[keras.Layer]:
    """From maps to numbers, and from these to probabilities or logits."""
    ways = [
        [layers.Flatten()],
        [layers.GlobalAveragePooling2D()],
        [layers.GlobalMaxPooling2D()],
        [layers.GlobalAveragePooling2D(keepdims=True), layers.Flatten()],
        # Pixel by pixel.
        [layers.Dense(4, activation="tanh"), layers.Flatten()],
    ]
    ends = [
        [layers.Dense(5, activation="softmax")],
        [layers.Dense(7, "relu", use_bias=False), layers.Dense(5), layers.Softmax()],
        [layers.Dense(5)],
    ]
    return ways[draw.integers(len(ways))] + ends[draw.integers(len(ends))]
