"""CIFAR-10 and the flower photographs, through TensorFlow Datasets, as arrays.

TensorFlow Datasets looks in `TFDS_DATA_DIR`, or else in `~/tensorflow_datasets`, and downloads
what is not there. Without a network that fails here at once, with a sentence, and not after
minutes of retries.
"""

import hashlib
import json
import os
import urllib.request
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from .errors import DatasetUnavailable

SPLIT_SEED = 42
"""Of every draw of pictures: the flowers for testing, and of any dataset those held out or left."""
_JPEG = b"\xff\xd8\xff"
BATCH = 250
VALIDATION_SHARE = 0.3
"""Of the flower photographs, which come without a test part of their own."""


@dataclass(frozen=True)
class Source:
    """Where a dataset comes from, and what its classes are called."""

    title: str
    classes: tuple[str, ...]
    archive: str
    """What TensorFlow Datasets downloads."""


SOURCES = MappingProxyType(
    {
        "cifar10": Source(
            "CIFAR-10",
            tuple("airplane automobile bird cat deer dog frog horse ship truck".split()),
            "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        ),
        "tf_flowers": Source(
            "TensorFlow's flower photos",
            tuple("dandelion daisy tulips sunflowers roses".split()),
            "http://download.tensorflow.org/example_images/flower_photos.tgz",
        ),
    }
)


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures `(N, H, W, 3)`, uint8, and what they show: `(N,)`, an index into the classes."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A dataset in memory. `test` is what the networks are judged on."""

    name: str
    title: str
    classes: tuple[str, ...]
    train: Split
    test: Split
    fingerprint: str
    """Sixteen hexadecimal digits, of the prepared files' contents."""
    origin: str
    """Whether these are the original pictures or a copy, in words."""

    def reduced(self, share: float) -> "Dataset":
        """The same with fewer training images: always the same ones, and of two shares the
        smaller's are among the larger's.

            load("cifar10").reduced(0.25).train.images   -> (12500, 32, 32, 3)
        """
        if not 0 < share <= 1:
            raise ValueError(f"`share` must be above 0 and at most 1. Received: {share!r}")
        return replace(self, train=self._drawn(share)[0])

    def held_out(self, share: float) -> "Dataset":
        """The same without its test images: in their place stands a share of the training images,
        always the same ones, which are no longer trained on.

            load("cifar10").held_out(0.1).test.images    -> (5000, 32, 32, 3)

        A search judges on these: what is chosen by its answers to the test images has learned
        from them.
        """
        if not 0 < share < 1:
            raise ValueError(f"`share` must be above 0 and below 1. Received: {share!r}")
        kept, test = self._drawn(1 - share)
        return replace(self, train=kept, test=test)

    def _drawn(self, share: float) -> tuple[Split, Split]:
        """A share of the training images, and the others."""
        order = np.random.default_rng(SPLIT_SEED).permutation(len(self.train))
        cut = max(1, round(share * len(self.train)))
        images, labels = self.train.images, self.train.labels
        parts = (np.sort(part) for part in (order[:cut], order[cut:]))
        return tuple(Split(images[part], labels[part]) for part in parts)


def data_folder() -> Path:
    """Where TensorFlow Datasets keeps its data: `TFDS_DATA_DIR`, or the folder it uses else."""
    return Path(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()


def locate(name: str) -> Path | None:
    """The folder of the prepared dataset, of its newest version; `None` if it is not here."""
    _source(name)
    infos = data_folder().glob(f"{name}/*/dataset_info.json")
    versions = {_version(info.parent): info.parent for info in infos}
    return versions[max(versions)] if versions else None


def load(name: str, image_size: int | None = None) -> Dataset:
    """All pictures of `"cifar10"` or `"tf_flowers"`, in memory.

        load("cifar10").train.images           -> (50000, 32, 32, 3), uint8
        load("tf_flowers", 224).test.images    -> (1101, 224, 224, 3), uint8

    `image_size` is the side in pixels to resize to, bilinearly and without keeping the
    proportions, as the write-up did. Flowers need it (default 224): no two are equally large.
    CIFAR-10 keeps the split of its authors. Of the 3,670 flowers, 30 % are drawn for testing,
    always the same 1,101.

    Raises `DatasetUnavailable` if the data is not here and cannot be downloaded.
    """
    _source(name)
    if image_size is not None and (not isinstance(image_size, int) or image_size < 1):
        raise ValueError(f"`image_size` must be a positive integer. Received: {image_size!r}")
    place = prepare(name)
    size = image_size or (32 if name == "cifar10" else 224)
    return _loaded(name, place, size, fingerprint(place))


def prepare(name: str) -> Path:
    """Make sure that the dataset is here, downloading it if need be, and say in which folder.

    Raises `DatasetUnavailable` if it is not here and its source cannot be reached.
    """
    place = locate(name)
    if place is not None:
        return place
    _check_reachable(name)
    import tensorflow_datasets as tfds

    try:
        tfds.builder(name, data_dir=data_folder()).download_and_prepare()
    except Exception as error:  # TFDS lets through whatever its downloader raises.
        raise DatasetUnavailable(f"the download of {name} failed: {error}") from error
    return locate(name)


def fingerprint(place: Path) -> str:
    """Sixteen hexadecimal digits of the SHA-256 of the dataset's files."""
    files = sorted(path for path in place.glob("*.tfrecord*"))
    return _hash_files(
        tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files)
    )


def origin(place: Path) -> str:
    """Original, or a copy? TensorFlow Datasets notes down what it downloaded; a copy did not."""
    info = json.loads((place / "dataset_info.json").read_bytes())
    if info.get("downloadSize"):
        return "the original, prepared by TensorFlow Datasets"
    first = next(place.glob("*train.tfrecord*"))
    with first.open("rb") as file:
        is_jpeg = _JPEG in file.read(4096)
    if info["name"] == "cifar10" and is_jpeg:  # which is PNG in the original
        return "a copy re-encoded as JPEG (pixels differ slightly from the original)"
    size = sum(int(split["numBytes"]) for split in info["splits"])
    return f"a copy of {size / 1e6:,.0f} MB, not made from the original archive"


@lru_cache(maxsize=1)
def _loaded(name: str, place: Path, size: int, fingerprint: str) -> Dataset:
    """Kept for the next training in this process; read-only, as that gets the same arrays."""
    if name == "cifar10":
        train, test = (_decode(place, part, size) for part in ("train", "test"))
    else:
        train, test = _cut(_decode(place, "train", size))
    for array in (train.images, train.labels, test.images, test.labels):
        array.flags.writeable = False
    source = SOURCES[name]
    return Dataset(name, source.title, source.classes, train, test, fingerprint, origin(place))


@lru_cache
def _hash_files(files: tuple[tuple[Path, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for path, *_ in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise ValueError(f"`name` must be one of {', '.join(SOURCES)}. Received: {name!r}")
    return SOURCES[name]


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in folder.name.split(".") if part.isdigit())


def _check_reachable(name: str, seconds: float = 4) -> None:
    """One short look at the source. TensorFlow Datasets itself would retry for minutes."""
    if os.environ.get("CNN_EXPLAINER_OFFLINE"):
        why = "CNN_EXPLAINER_OFFLINE is set"
    else:
        request = urllib.request.Request(SOURCES[name].archive, method="HEAD")
        try:
            urllib.request.urlopen(request, timeout=seconds).close()
            return
        except OSError as error:
            why = f"{SOURCES[name].archive} does not answer ({getattr(error, 'reason', error)})"
    raise DatasetUnavailable(
        f"{SOURCES[name].title} is not in {data_folder()}, and {why}. Set TFDS_DATA_DIR to a"
        f" folder that holds {name}, or run `cnn-explainer data prepare` where there is a network"
    )


def _decode(place: Path, part: str, size: int) -> Split:
    import tensorflow as tf
    import tensorflow_datasets as tfds

    def square(example):
        image = example["image"]
        if image.shape[:2] != (size, size):
            image = tf.cast(tf.round(tf.image.resize(image, (size, size))), tf.uint8)
        return image, example["label"]

    builder = tfds.builder_from_directory(place)
    # In batches: the way of single pictures to NumPy takes longer than their decoding.
    examples = builder.as_dataset(split=part, shuffle_files=False).map(square, 2).batch(BATCH)
    count = builder.info.splits[part].num_examples
    images = np.empty((count, size, size, 3), np.uint8)
    labels = np.empty(count, np.int64)
    for i, (some, shown) in enumerate(examples.as_numpy_iterator()):
        rows = slice(i * BATCH, i * BATCH + len(shown))
        images[rows], labels[rows] = some, shown
    return Split(images, labels)


def _cut(everything: Split) -> tuple[Split, Split]:
    order = np.random.default_rng(SPLIT_SEED).permutation(len(everything))
    cut = int(VALIDATION_SHARE * len(everything))
    parts = [np.sort(order[cut:]), np.sort(order[:cut])]
    train, test = (Split(everything.images[part], everything.labels[part]) for part in parts)
    return train, test
