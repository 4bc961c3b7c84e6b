"""Trained networks as files that a page can run, with `book/_static/cnn.js`.

A file is one call of a function, so that a page can load it from anywhere, a folder on the
reader's own disk included: `cnn.receive({…})`. The object is JSON:

- `format`: 1, the version of what follows.
- `name`, `title`, `classes`: texts; as many classes as the last layer has outputs.
- `input`: `[height, width, channels]` of the picture, whose values are from 0 to 255.
- `dtype`: how the weights are written, `float32`, `float16` or `int8`.
- `layers`: from the first to the last an object each, with a `type`, a `name` and its settings:

  | type | settings |
  |---|---|
  | `rescaling` | `scale` and `offset`, a number or a list with one for each channel |
  | `conv2d` | `kernel`, `bias`, `stride`, `padding`, `dilation`, `activation` |
  | `max_pool2d`, `avg_pool2d` | `size`, `stride`, `padding` |
  | `dense` | `kernel`, `bias`, `activation` |
  | `batch_normalization`, `global_max_pool2d`, `global_avg_pool2d`, `flatten`, and an activation | none |

  `kernel` is a shape, `bias` says whether there is one; `stride`, `dilation` and `size` are
  `[vertical, horizontal]`; `padding` is `valid` or `same`; `activation` is `linear`, `relu`,
  `tanh`, `elu`, `silu`, `gelu` or `softmax`.
- `record`: null, or what is known of the training: `accuracy`, `loss`, `seed`, `epochs_done` of
  `epochs`, `precision`, `fingerprint` (of the dataset), `calibration`, and in `filters` the first
  layer's kernels at some `epochs` before the last, as `data`: base64 of 16-bit floats.
- `weights`: base64 of all arrays one after the other, in the order of the layers, little-endian.
  A layer gives its kernel, then its bias. In `int8`, a kernel is preceded by one float32 for each
  output channel, by which its whole numbers are to be multiplied, and a bias is float32. Batch
  normalisation gives a factor, then a summand for each channel: what it is in prediction, always
  in float32.

Augmentation and dropout do nothing in prediction, and are left out.
"""  # noqa: E501

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np

from . import datasets, runs, weights, words
from .architectures import Conv, Dense, Dropout, Flatten, Pool, shapes
from .errors import RecordNotFound
from .experiments import CATALOGUE, Experiment, get
from .files import write_atomically
from .runs import Filters, Run

if TYPE_CHECKING:
    import keras

FORMAT = 1
Dtype = Literal["float32", "float16", "int8"]
ACTIVATIONS = ("linear", "relu", "tanh", "elu", "silu", "gelu", "softmax")
"""That `cnn.js` knows."""
SMALL = ("lenet5", "base")
"""The networks that a page can run: the others are hundreds of megabytes."""
_CALL = "cnn.receive("
EPOCHS_SHOWN = (0, 10)
"""At which the first layer's kernels go along, for all that the record has would make LeNet-5's
file a third larger. The last epoch's are among the weights.
"""


class Part(NamedTuple):
    """A layer as it goes into a file."""

    type: str
    name: str
    settings: dict[str, Any] = {}  # noqa: RUF012
    kernel: np.ndarray | None = None
    bias: np.ndarray | None = None
    channels: tuple[np.ndarray, ...] = ()
    """Factor and summand for each channel."""


class Network(NamedTuple):
    """What a file says, but for how the weights are written."""

    name: str
    title: str
    classes: Sequence[str]
    input: tuple[int, int, int]
    parts: list[Part]
    record: dict[str, Any] | None = None


def export(
    model: "str | Experiment | keras.Model",
    folder: Path | str,
    dtype: Dtype = "float16",
    *,
    name: str | None = None,
    title: str | None = None,
    classes: Sequence[str] | None = None,
) -> Path:
    """Write a trained network into `folder`, and say where.

        export("lenet5-plain", "models")                      ->  models/lenet5-plain.js, 170 KB
        export(get("lenet5-plain", seed=7), "models")         ->  the same from another start
        export(model, "models", name="mine", classes=["no", "yes"])     ->  models/mine.js

    `model` is an experiment that was trained, or any Keras model that is a chain of the layers in
    the table above. `dtype` is how the weights are written: in 16 bits the answer is that of 32 on
    nearly all pictures, in 8 on most. `name` is the file's, of letters, digits, `-`, `_` and `.`.

    **Input shape** of the network: `(N, H, W, C)`, values from 0 to 255. **Output shape**:
    `(N, classes)`.

    Raises `ValueError` for a layer or an activation that is not in the table, which it names, and
    for weights that `dtype` cannot hold; `RecordNotFound` if an experiment's weights are not here.
    """
    if isinstance(model, str | Experiment):
        network = _from_experiment(get(model))
    else:
        from .keras_parts import network as from_keras

        network = from_keras(model)
    if classes is not None and len(classes) != len(network.classes):
        rule = f"must be {len(network.classes)}, as many as the network's outputs"
        raise ValueError(f"`classes` {rule}. Received: {len(classes)}")
    given = {"name": name, "title": title, "classes": classes}
    network = network._replace(**{key: value for key, value in given.items() if value is not None})
    _check(network, dtype)
    path = Path(folder) / f"{network.name}.js"
    _write(path, _as_json(network, dtype))
    return path


def export_all(folder: Path | str) -> list[Path]:
    """Write all of the catalogue that a page can run and whose weights are here, and an index.

    The index is `index.js`: a call as in a network's file, with `format` and in `models` for each
    its `name`, `title`, `file`, `bytes`, `version` (which changes with the file) and `accuracy`
    (null without a record). What an earlier index names and this one does not is removed.
    """
    index = Path(folder) / "index.js"
    before = _files(index)
    rows, paths = [], [index]
    for experiment in CATALOGUE.values():
        if experiment.model in SMALL:
            with suppress(RecordNotFound):
                paths.append(export(experiment, folder))
                rows.append(_row(experiment, paths[-1]))
    _write(index, {"format": FORMAT, "models": rows})
    for path in set(index.parent.glob("*.js")) - set(paths):
        if path.name in before:
            path.unlink()
    return paths


def _files(index: Path) -> set[str]:
    """The names of the files in an index; of none, or of one that is not whole, nothing."""
    try:
        text = index.read_text("utf-8").strip()
        return {row["file"] for row in json.loads(text[len(_CALL) : -1])["models"]}
    except (OSError, ValueError, LookupError, TypeError):
        return set()


def _row(experiment: Experiment, path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    run = _run(experiment)
    return {
        "name": experiment.name,
        "title": words.experiment(experiment),
        "file": path.name,
        "bytes": len(content),
        "version": hashlib.sha256(content).hexdigest()[:8],
        "accuracy": run and run.test.accuracy,
    }


def _from_experiment(experiment: Experiment) -> Network:
    """Read a network off its architecture, its weights and its record: no Keras is needed."""
    rows = shapes(
        experiment.model,
        experiment.variant,
        image_size=experiment.image_size,
        **experiment.changes.model_dump(),
    )
    arrays = weights.read(experiment)
    parts = [Part("rescaling", "rescaling", {"scale": 1 / 255, "offset": 0})]
    for row in rows:
        path = f"{experiment.name}/{row.name}"
        match row.layer:
            case Conv(_, _, stride, padding, _, activation):
                way = {"stride": [stride] * 2, "padding": padding, "dilation": [1, 1]}
                settings = {**way, "activation": activation}
            case Pool(size, stride):
                settings = {"size": [size] * 2, "stride": [stride] * 2, "padding": "valid"}
            case Dense(_, activation):
                settings = {"activation": activation}
            case Flatten():
                settings = {}
            case Dropout():
                continue
        kernel, bias = (arrays.get(f"{path}/{each}") for each in ("kernel", "bias"))
        parts.append(Part(_TYPES[type(row.layer)], row.name, settings, kernel, bias))
    run = _run(experiment)
    return Network(
        experiment.name,
        words.experiment(experiment),
        datasets.SOURCES[experiment.dataset].classes,
        rows[0].input_shape,
        parts,
        run and _record(run),
    )


_TYPES = {Conv: "conv2d", Pool: "max_pool2d", Dense: "dense", Flatten: "flatten"}


def _run(experiment: Experiment) -> Run | None:
    try:
        return runs.load(experiment)
    except RecordNotFound:
        return None


def _record(run: Run) -> dict[str, Any]:
    kernels = dict(zip(run.filters.epochs, run.filters.kernels, strict=True))
    shown = [epoch for epoch in EPOCHS_SHOWN if epoch in kernels and epoch < run.epochs_done]
    return {
        "accuracy": run.test.accuracy,
        "loss": run.test.loss,
        "seed": run.experiment.seed,
        "epochs_done": run.epochs_done,
        "epochs": run.experiment.recipe.epochs,
        "precision": run.provenance.precision,
        "fingerprint": run.provenance.dataset_fingerprint,
        "calibration": {
            "count": run.calibration.count,
            # So many digits as a bar on a page can show.
            "confidence": np.round(run.calibration.confidence, 4).tolist(),
            "accuracy": np.round(run.calibration.accuracy, 4).tolist(),
        },
        "filters": {
            "epochs": shown,
            "data": Filters.pack({epoch: kernels[epoch] for epoch in shown}).data,
        },
    }


def _check(network: Network, dtype: str) -> None:
    dtypes = get_args(Dtype)
    if dtype not in dtypes:
        raise ValueError(f"`dtype` must be one of {', '.join(dtypes)}. Received: {dtype!r}")
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", network.name):
        rule = "must be letters, digits, `-`, `_` and `.`, as it is a file's"
        raise ValueError(f"`name` {rule}. Received: {network.name!r}")


def _as_json(network: Network, dtype: Dtype) -> dict[str, Any]:
    data = b"".join(array.tobytes() for part in network.parts for array in _arrays(part, dtype))
    return {
        "format": FORMAT,
        "name": network.name,
        "title": network.title,
        "classes": list(network.classes),
        "input": list(network.input),
        "dtype": dtype,
        "layers": [_settings(part) for part in network.parts],
        "record": network.record,
        "weights": base64.b64encode(data).decode(),
    }


def _settings(part: Part) -> dict[str, Any]:
    settings = {"type": part.type, "name": part.name, **part.settings}
    if part.kernel is not None:
        settings |= {"kernel": list(part.kernel.shape), "bias": part.bias is not None}
    return settings


def _arrays(part: Part, dtype: Dtype) -> Iterator[np.ndarray]:
    """A layer's arrays in their order, as they are written."""
    small = "<f2" if dtype == "float16" else "<f4"
    if part.kernel is not None and dtype == "int8":
        kernel = _cast(part.kernel, "<f4", part.name)
        largest = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
        scale = (np.where(largest > 0, largest, 1) / 127).astype("<f4")
        yield scale
        yield np.rint(kernel / scale).astype("i1")
    elif part.kernel is not None:
        yield _cast(part.kernel, small, part.name)
    if part.bias is not None:
        yield _cast(part.bias, small, part.name)
    for array in part.channels:
        yield _cast(array, "<f4", part.name)


def _cast(array: np.ndarray, dtype: str, name: str) -> np.ndarray:
    with np.errstate(over="ignore"):
        cast = np.asarray(array).astype(dtype)
    if not np.isfinite(cast).all():
        limit = np.finfo(dtype).max
        raise ValueError(f"the weights of `{name}` must be finite and at most {limit:g} in size")
    return cast


def _write(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    # Inside a page, too, a name must not be able to end the script.
    text = text.replace("<", "\\u003c")
    script = f"{_CALL}{text})\n".encode()
    # Left alone where nothing changed: a build does not copy it, nor a browser fetch it, again.
    if not path.is_file() or path.read_bytes() != script:
        write_atomically(path, script)
