"""A Keras model as the chain of parts that `export` writes."""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import activations, layers

from .augmentation import RandomAffine
from .cutout import Cutout
from .dropout import Dropout
from .errors import ExplainerError
from .export import ACTIVATIONS, Network, Part


def read(path: Path | str) -> keras.Model:
    """A model that Keras saved, as `mine.keras`. Raises `ExplainerError` for another file."""
    own = {layer.__name__: layer for layer in (RandomAffine, Cutout, Dropout)}
    try:
        return keras.saving.load_model(path, own, compile=False)
    except (OSError, TypeError, ValueError, KeyError, zipfile.BadZipFile) as error:
        # Keras goes on for pages.
        raise ExplainerError(f"{path} is no Keras model: {str(error).splitlines()[0]}") from None


def network(model: keras.Model) -> Network:
    """Read a model. Raises `ValueError`, naming the layer, for one that a page cannot run."""
    chain = [*_chain(model)]
    if not chain:
        raise ValueError(f"`model` must have a layer besides its input. Received: {model!r}")
    (_, *size), (_, *outputs) = chain[0][1].shape, model.outputs[0].shape
    if len(size) != 3 or None in size:
        raise ValueError(f"`model` must take (N, H, W, C), all but N fixed. Received: {size}")
    if len(outputs) != 1:
        raise ValueError(f"`model` must give (N, classes). Received: {outputs}")
    parts = [_part(*link) for link in chain]
    return Network(
        model.name,
        model.name,
        [f"class {i}" for i in range(outputs[0])],
        tuple(size),
        [part for part in parts if part is not None],
    )


def _chain(model: keras.Model) -> Iterator[tuple[Any, keras.KerasTensor]]:
    """Each layer with its input, from the first to the last."""
    outputs = getattr(model, "outputs", None) or []
    if len(outputs) != 1:
        raise ValueError(
            "`model` must be a Sequential or functional Keras model with one output, built."
            f" Received: {model!r}"
        )
    # Followed back from the output: `model.layers` does not say what is connected with what, and
    # is silent about arithmetic such as `x / 255`.
    links, tensor = [], outputs[0]
    while not isinstance(layer := tensor._keras_history.operation, layers.InputLayer):
        inputs = layer._inbound_nodes[tensor._keras_history.node_index].input_tensors
        if len(inputs) != 1:
            raise _error(layer, "must have one input", len(inputs))
        tensor = inputs[0]
        links.append((layer, tensor))
    for layer, tensor in reversed(links):
        if isinstance(layer, keras.Model):
            yield from _chain(layer)
        else:
            yield layer, tensor


def _part(layer, tensor: keras.KerasTensor) -> Part | None:
    """Read one layer; nothing, if it does nothing in prediction."""
    # By its very type: a class derived from `Conv2D` may compute something else.
    kind = type(layer)
    if kind in _LEFT_OUT:
        return None
    if kind not in _READERS:
        known = ", ".join(sorted(known.__name__ for known in _READERS))
        raise _error(layer, f"must be one of {known}", kind.__name__)
    _require(layer, "data_format", "channels_last")
    _require(layer, "quantization_mode", None)
    return _READERS[kind](layer, tensor.shape)


def _rescaling(layer, shape) -> Part:
    settings = {}
    for key in ("scale", "offset"):
        numbers = np.ravel(getattr(layer, key)).astype(float).tolist()
        if len(numbers) not in (1, shape[-1]):
            raise _error(layer, f"must have one `{key}`, or one for each channel", len(numbers))
        settings[key] = numbers if len(numbers) > 1 else numbers[0]
    return Part("rescaling", layer.name, settings)


def _conv2d(layer, shape) -> Part:
    _require(layer, "groups", 1)
    settings = {
        "stride": layer.strides,
        "padding": layer.padding,
        "dilation": layer.dilation_rate,
        "activation": _activation(layer),
    }
    return Part("conv2d", layer.name, settings, *_kernel_and_bias(layer))


def _dense(layer, shape) -> Part:
    settings = {"activation": _activation(layer)}
    return Part("dense", layer.name, settings, *_kernel_and_bias(layer))


def _pool(kind: str) -> Callable:
    def read(layer, shape) -> Part:
        settings = {"size": layer.pool_size, "stride": layer.strides, "padding": layer.padding}
        return Part(kind, layer.name, settings)

    return read


def _global_pool(kind: str) -> Callable:
    def read(layer, shape) -> Part:
        if layer.keepdims:
            size = shape[1:3]
            return Part(kind, layer.name, {"size": size, "stride": size, "padding": "valid"})
        return Part(f"global_{kind}", layer.name)

    return read


def _batch_normalization(layer, shape) -> Part:
    """As a factor and a summand for each channel, which it is in prediction."""
    if layer.axis not in (-1, len(shape) - 1):
        raise _error(layer, "must have `axis` -1", layer.axis)
    mean, variance = (_array(each) for each in (layer.moving_mean, layer.moving_variance))
    factor = 1 / np.sqrt(variance + layer.epsilon)
    if layer.gamma is not None:
        factor = factor * _array(layer.gamma)
    summand = -mean * factor
    if layer.beta is not None:
        summand = summand + _array(layer.beta)
    return Part("batch_normalization", layer.name, channels=(factor, summand))


def _relu(layer, shape) -> Part:
    for key, value in {"negative_slope": 0, "max_value": None, "threshold": 0}.items():
        _require(layer, key, value)
    return Part("relu", layer.name)


def _softmax(layer, shape) -> Part:
    if layer.axis not in (-1, len(shape) - 1):
        raise _error(layer, "must have `axis` -1", layer.axis)
    return Part("softmax", layer.name)


def _activation_layer(layer, shape) -> Part | None:
    kind = _activation(layer)
    return None if kind == "linear" else Part(kind, layer.name)


def _activation(layer) -> str:
    if layer.activation not in _ACTIVATIONS:
        rule = f"must have as `activation` one of {', '.join(ACTIVATIONS)}"
        raise _error(layer, rule, getattr(layer.activation, "__name__", layer.activation))
    return _ACTIVATIONS[layer.activation]


def _kernel_and_bias(layer) -> tuple[np.ndarray, np.ndarray | None]:
    return _array(layer.kernel), None if layer.bias is None else _array(layer.bias)


def _array(variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(keras.ops.cast(variable, "float32")).astype(float)


def _require(layer, key: str, value) -> None:
    found = getattr(layer, key, value)
    if found != value:
        raise _error(layer, f"must have `{key}` {value}", found)


def _error(layer, rule: str, value) -> ValueError:
    return ValueError(f"the layer `{layer.name}` {rule}. Received: {value}")


_ACTIVATIONS = {getattr(activations, name): name for name in ACTIVATIONS}

_READERS = {
    layers.Rescaling: _rescaling,
    layers.Conv2D: _conv2d,
    layers.Dense: _dense,
    layers.MaxPooling2D: _pool("max_pool2d"),
    layers.AveragePooling2D: _pool("avg_pool2d"),
    layers.GlobalMaxPooling2D: _global_pool("max_pool2d"),
    layers.GlobalAveragePooling2D: _global_pool("avg_pool2d"),
    layers.BatchNormalization: _batch_normalization,
    layers.Flatten: lambda layer, shape: Part("flatten", layer.name),
    layers.ReLU: _relu,
    layers.Softmax: _softmax,
    layers.Activation: _activation_layer,
}

# `RandomCrop` is not among them: in prediction it crops the middle. An older Keras has not all.
_LEFT_OUT = {RandomAffine, Cutout, Dropout} | {
    getattr(layers, name)
    for name in (
        "Dropout SpatialDropout2D AlphaDropout GaussianDropout GaussianNoise Identity"
        " RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast"
        " RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale"
        " RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation"
        " RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom"
    ).split()
    if hasattr(layers, name)
}
