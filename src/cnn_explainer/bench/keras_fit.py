"""The way of the write-up: Keras's `fit` on arrays, with Keras's own layers, in float32."""

import keras
import numpy as np

from .. import machine
from ..augmentation import RandomAffine
from ..clock import awake_seconds
from ..dropout import Dropout
from ..models import build
from .child import Task


class KerasFit:
    """See the file. Its parts are chosen so that nothing is slower than it was there."""

    precision = "float32"

    def __init__(self, task: Task):
        self._task = task
        self.threads = task.threads or machine.cores()
        if task.threads:
            machine.limit_threads(task.threads)
        train = task.part("train")
        self._images = train.images / np.float32(255)
        self._labels = keras.utils.to_categorical(train.labels)
        self._model = network(task)

    def time(self) -> dict[str, float]:
        """Train on the images of one turn."""
        watch = Stopwatch(self._task.whole_epoch)
        count = self._task.images
        self._fit(self._images[:count], self._labels[:count], callbacks=[watch])
        return {"images_per_second": count / watch.seconds}

    def learn(self, epochs: int) -> float:
        """Accuracy after that many epochs."""
        del self._model  # Room for the fresh one.
        self._model = network(self._task)
        self._fit(self._images, self._labels, epochs=epochs)
        test = self._task.part("test")
        images, labels = test.images / np.float32(255), keras.utils.to_categorical(test.labels)
        return self._model.evaluate(images, labels, verbose=0, return_dict=True)["accuracy"]

    def _fit(self, images: np.ndarray, labels: np.ndarray, **options) -> None:
        size = self._task.experiment.recipe.batch_size
        self._model.fit(images, labels, batch_size=size, verbose=0, **options)


class Stopwatch(keras.callbacks.Callback):
    """Seconds of one call of `fit`.

    After an epoch's last step Keras waits for a thread of its own, for up to as long again. That
    belongs to an epoch. For a part of one it would be out of proportion, and the last step ends it.
    """

    def __init__(self, whole_epoch: bool):
        super().__init__()
        self._whole_epoch = whole_epoch

    def on_train_begin(self, logs=None):
        """Keras calls it."""
        self._began = awake_seconds()

    def on_train_batch_end(self, batch, logs=None):
        """Keras calls it."""
        self.seconds = awake_seconds() - self._began

    def on_epoch_end(self, epoch, logs=None):
        """Keras calls it."""
        if self._whole_epoch:
            self.seconds = awake_seconds() - self._began


def network(task: Task) -> keras.Model:
    """The network from the same seed, but with Keras's own layers and optimizer.

    The division by 255 is left out: it is done once, before the training.
    """
    experiment = task.experiment
    built = build(
        experiment.model,
        experiment.variant,
        image_size=experiment.image_size,
        seed=experiment.seed,
    )
    layers = [new for layer in built.layers for new in _of_keras(layer, experiment.seed)]
    model = keras.Sequential([keras.Input(built.input_shape[1:]), *layers])
    recipe = experiment.recipe
    model.compile(
        keras.optimizers.SGD(recipe.learning_rate, recipe.momentum, recipe.nesterov),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,  # It was not the default then, and would be slower.
    )
    return model


def _of_keras(layer: keras.Layer, seed: int) -> list[keras.Layer]:
    match layer:
        case keras.layers.Rescaling():
            return []
        case RandomAffine():
            return [
                keras.layers.RandomFlip("horizontal", seed=seed),
                keras.layers.RandomRotation(layer.rotation, seed=seed),
                keras.layers.RandomZoom(layer.zoom, seed=seed),
            ]
        case Dropout():
            return [keras.layers.Dropout(layer.rate, seed=layer.seed)]
        case _:
            return [type(layer).from_config(layer.get_config())]
