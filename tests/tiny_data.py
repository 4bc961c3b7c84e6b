"""A dataset of 256 + 64 pictures in TensorFlow Datasets' own layout, under CIFAR-10's name.

So the tests go through the real loading code on any machine. A class is a stripe's direction
and colour; there is nothing in it that comes from CIFAR-10.
"""

from pathlib import Path

import numpy as np


def pictures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`(count, 32, 32, 3)` uint8 and `(count,)`; every class equally often."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % 10)
    row, column = np.mgrid[:32, :32]
    images = np.empty((count, 32, 32, 3))
    for image, label in zip(images, labels, strict=True):
        angle = np.pi * (label % 5) / 5
        wave = np.sin((row * np.sin(angle) + column * np.cos(angle)) + rng.uniform(0, 6))
        colour = [1, 0.5, 0.2] if label < 5 else [0.2, 0.5, 1]
        image[:] = 128 + 90 * wave[..., None] * colour + rng.normal(0, 10, (32, 32, 3))
    return images.clip(0, 255).astype(np.uint8), labels


def prepare(folder: Path) -> Path:
    """Write the dataset into `folder`, ready for `TFDS_DATA_DIR`."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    features = tfds.features.FeaturesDict(
        {
            "id": tfds.features.Text(),
            "image": tfds.features.Image(shape=(32, 32, 3), encoding_format="png"),
            "label": tfds.features.ClassLabel(num_classes=10),
        }
    )
    place = folder / "cifar10" / "3.0.2"
    place.mkdir(parents=True)
    splits = []
    for split, count, seed in (("train", 256, 0), ("test", 64, 1)):
        path = place / f"cifar10-{split}.tfrecord-00000-of-00001"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for i, (image, label) in enumerate(zip(*pictures(count, seed), strict=True)):
                example = {"id": f"{split}_{i}", "image": image, "label": int(label)}
                writer.write(features.serialize_example(example))
        splits.append(
            tfds.core.SplitInfo(
                name=split,
                shard_lengths=[count],
                num_bytes=path.stat().st_size,
                filename_template=tfds.core.ShardedFileTemplate(
                    data_dir=place, dataset_name="cifar10", filetype_suffix="tfrecord", split=split
                ),
            )
        )
    tfds.folder_dataset.write_metadata(data_dir=place, features=features, split_infos=splits)
    return folder


if __name__ == "__main__":
    import sys

    prepare(Path(sys.argv[1]))
