"""Training an experiment: resumable, on whatever Keras backend is set, ending in a record."""

import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from . import checkpoints, datasets, machine, metrics, probes, runs, versions, weights
from .architectures import multiply_adds
from .checkpoints import Checkpoint
from .clock import awake_seconds
from .errors import ExplainerError, RecordNotFound, TrainingDiverged
from .experiments import Experiment, Precision, get, train_command
from .models import BY_HALVES, build
from .progress import TrainingProgress
from .runs import Run

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

# Read when TensorFlow is imported, which leaves oneDNN out by itself where a processor has no
# AVX-512, though the base model is trained 1.4 times as fast with it there, and AlexNet 1.3 times.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

FILTER_BYTES = 144 * 1024
"""How much of a record the first layer's kernels may take, before base64."""
EVALUATION_BATCH = 250
SMALL = 10_000_000
"""Multiply-adds for an image, below which one core does a layer before a second has begun."""


def run(name: str | Experiment, **changes) -> Run:
    """The recorded run of an experiment; if there is none, it is trained now.

        run("lenet5-plain")            -> at once, from the record
        run("lenet5-plain", seed=7)    -> minutes, the first time

    Raises what `train` raises.
    """
    try:
        return runs.load(name, **changes)
    except RecordNotFound:
        return train(get(name, **changes))


def train(
    experiment: Experiment,
    *,
    stop_after: int | None = None,
    again: bool = False,
    each_epoch: Callable[[Checkpoint], object] = lambda state: None,
) -> Run:
    """Train, save the record and the 16-bit weights in the user's folder, give the run.

    Each finished epoch is kept. Stopped at any moment, the next call goes on from there.
    `stop_after` ends after so many epochs in all, with a record that says that it is not
    complete; a later call without it takes up the training again. `again` forgets a training that
    was begun, and begins with the first epoch. `each_epoch` is given the state after each epoch,
    when it is kept.

    Raises `DatasetUnavailable`, `TrainingInProgress`, `TrainingDiverged` (nothing is recorded
    then) and `NotSaved` (what was saved before is still there); `ExplainerError` if the user's own
    record is of more epochs than `stop_after`, or if the training was begun on other pictures or
    another backend.
    """
    if stop_after is not None and stop_after < 1:
        raise ValueError(f"`stop_after` must be a positive integer. Received: {stop_after!r}")
    last = min(stop_after or experiment.recipe.epochs, experiment.recipe.epochs)
    with checkpoints.alone(experiment):
        data = pictures(experiment)
        state = _begin(experiment, data, again, last)
        model = compiled(experiment, state.precision, len(data.train))
        variables = [*model.variables, *model.optimizer.variables]
        if state.variables:
            for variable, value in zip(variables, state.variables, strict=True):
                variable.assign(value)
        else:
            first_weights(experiment, model, data.train)
            _keep_filters(state, model, 0, experiment)
        train_part, test_part = tensors(data.train), tensors(data.test)
        if hasattr(model, "fit_at_once"):
            # XLA may compile for longer than an accelerator then trains.
            warm_up(experiment, model, train_part)
        with TrainingProgress(experiment.name, last, len(data.train)) as progress:
            for epoch in range(state.epochs_done, last):
                progress.begin_epoch(epoch)
                _epoch(experiment, epoch, model, train_part, test_part, state, progress)
                _keep_filters(state, model, epoch + 1, experiment)
                _keep(experiment, state, variables)
                each_epoch(state)
        result = _result(experiment, model, data, train_part, test_part, state)
        weights.save(model, experiment)
        runs.save(result)
        if result.complete:
            checkpoints.discard(experiment)
    return result


def _begin(experiment: Experiment, data: datasets.Dataset, again: bool, last: int) -> Checkpoint:
    """The state to go on from, up to the epoch `last`; what cannot be gone on from is refused."""
    import keras

    backend = keras.backend.backend()
    kept = None if again else checkpoints.load(experiment)
    state = kept or Checkpoint(data.fingerprint, precision(experiment))
    epochs = max(last, state.epochs_done)
    runs.check_longest(experiment, epochs, "the run that `stop_after` asks for")
    place, anew = checkpoints.folder(experiment), train_command(experiment, again=True)
    if state.dataset_fingerprint != data.fingerprint:
        raise ExplainerError(
            f"{place} was begun on other pictures than those in {datasets.data_folder()}. Delete it"
            f" to begin again: `{anew}`"
        )
    if state.backend not in (None, backend):
        # Its record would say of all epochs what holds for the last ones.
        raise ExplainerError(
            f"{place} was begun on {state.backend}, and the backend is now {backend}. Set"
            f" KERAS_BACKEND={state.backend} to go on, or begin again: `{anew}`"
        )
    if again:
        checkpoints.discard(experiment)
    state.backend = backend
    return state


def pictures(experiment: Experiment) -> datasets.Dataset:
    """What it is trained on and judged on. Raises `DatasetUnavailable`."""
    data = datasets.load(experiment.dataset, experiment.image_size)
    if experiment.held_out:
        data = data.held_out(experiment.held_out)
    if experiment.train_share < 1:
        data = data.reduced(experiment.train_share)
    return data


def threads(experiment: Experiment) -> int:
    """Over how many threads an operation is best spread.

    Operations of the two halves of a batch also run at the same time.
    """
    work = multiply_adds(experiment.model, image_size=experiment.image_size)
    if work < SMALL:
        return 1
    return max(1, machine.cores() // 2) if work < BY_HALVES else machine.cores()


def precision(experiment: Experiment) -> Precision:
    """What it is trained in on this machine: what it asks for, if the processor has it."""
    return experiment.recipe.precision if machine.has_bfloat16() else "float32"


def compiled(experiment: Experiment, precision: Precision, images: int) -> "keras.Model":
    """The network with fresh weights, ready for `fit_epoch` on so many images."""
    import keras

    from .losses import CrossEntropy
    from .optimizers import optimizer

    on_tensorflow = keras.backend.backend() == "tensorflow"
    on_tensorflow_cpu = on_tensorflow and not machine.accelerators()
    model = build(
        experiment.model,
        experiment.variant,
        image_size=experiment.image_size,
        augmentation=experiment.strengths,
        seed=experiment.seed,
        precision=precision,
        for_processor=on_tensorflow_cpu,
        **experiment.changes.model_dump(),
    )
    model.compile(
        optimizer(experiment.recipe, images),
        # On class numbers: the same values as `categorical_crossentropy` on one-hot rows.
        loss="sparse_categorical_crossentropy" if on_tensorflow else CrossEntropy(model),
        metrics=["accuracy"],
        # XLA makes convolutions several times slower on TensorFlow's CPU.
        jit_compile=False if on_tensorflow_cpu else "auto",
        # A step of a small network takes about as long as Python's way to the next one.
        steps_per_execution=16 if experiment.image_size <= 32 else 1,
    )
    model.optimizer.build(model.trainable_variables)
    return model


def first_weights(experiment: Experiment, model: "keras.Model", train: datasets.Split) -> None:
    """Give the fresh weights what they take from the pictures, if the recipe has that."""
    if experiment.recipe.whitened:
        from .whitening import whiten

        whiten(model, train.images)


def tensors(split: datasets.Split) -> datasets.Split:
    """The same pictures where Keras computes, so that no step has to fetch them."""
    import keras

    return datasets.Split(*map(keras.ops.convert_to_tensor, (split.images, split.labels)))


def batches(
    split: datasets.Split, size: int = EVALUATION_BATCH, order: np.ndarray | None = None
) -> "tf.data.Dataset | keras.utils.PyDataset":
    """Of `tensors`, the pictures in batches, in that order or as they lie.

    On TensorFlow without autotuning: the thread that does it sleeps for up to a second at the
    epoch's end.
    """
    import keras

    images, labels = split.images, split.labels
    order = np.arange(len(split)) if order is None else order
    if keras.backend.backend() != "tensorflow":
        from .batches import Batches

        return Batches(images, labels, order, size)
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return (
        tf.data.Dataset.from_tensor_slices(order)
        .batch(size)
        .map(lambda i: (tf.cast(tf.gather(images, i), tf.float32), tf.gather(labels, i)))
        .prefetch(2)
        .with_options(options)
    )


def fit_epoch(
    experiment: Experiment,
    epoch: int,
    model: "keras.Model",
    train: datasets.Split,
    *callbacks: "keras.callbacks.Callback",
) -> dict[str, float]:
    """Train on each of the pictures once; the epoch's `accuracy` and `loss`."""
    # Seeded by the epoch too, so that a resumed training sees the order it would have seen.
    order = np.random.default_rng((experiment.seed, epoch)).permutation(len(train))
    if hasattr(model, "fit_at_once"):
        return model.fit_at_once(train.images, train.labels, order, experiment.recipe.batch_size)
    pictures = batches(train, experiment.recipe.batch_size, order)
    fitted = model.fit(pictures, verbose=0, callbacks=[*callbacks], shuffle=False).history
    return {name: values[0] for name, values in fitted.items()}


def warm_up(experiment: Experiment, model: "keras.Model", train: datasets.Split) -> None:
    """Make ready what the first weights, a step and a judgement take; leave the model as it is."""
    variables = [*model.variables, *model.optimizer.variables]
    before = [np.asarray(variable) for variable in variables]
    # Of another number of steps, an epoch at once would be another program.
    count = len(train) if hasattr(model, "fit_at_once") else 16 * experiment.recipe.batch_size
    few = datasets.Split(train.images[:count], train.labels[:count])
    first_weights(experiment, model, train)
    fit_epoch(experiment, 0, model, few)
    model.evaluate(batches(few), verbose=0)
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)


def _epoch(
    experiment: Experiment,
    epoch: int,
    model: "keras.Model",
    train: datasets.Split,
    test: datasets.Split,
    state: Checkpoint,
    progress: TrainingProgress,
) -> None:
    import keras

    size = experiment.recipe.batch_size
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: progress.batch(min((batch + 1) * size, len(train)))
    )
    began, worked = awake_seconds(), time.process_time()
    fitted = fit_epoch(experiment, epoch, model, train, watch)
    trained = awake_seconds()
    judged = model.evaluate(batches(test), verbose=0, return_dict=True)
    row = {
        "accuracy": fitted["accuracy"],
        "loss": fitted["loss"],
        "val_accuracy": judged["accuracy"],
        "val_loss": judged["loss"],
        "train_seconds": trained - began,
        "val_seconds": awake_seconds() - trained,
        "processor_seconds": time.process_time() - worked,
    }
    broken = [name for name in ("loss", "val_loss") if not isfinite(row[name])]
    if broken:
        checkpoints.discard(experiment)
        which = {"loss": "loss", "val_loss": "validation loss"}[broken[0]]
        raise TrainingDiverged(
            f"{experiment.name}, seed {experiment.seed}: the {which} became {row[broken[0]]} in"
            f" epoch {epoch + 1}. Nothing is recorded. A smaller learning rate than"
            f" {experiment.recipe.learning_rate} is the usual remedy"
        )
    for name, value in row.items():
        state.history.setdefault(name, []).append(float(value))
    progress.end_epoch(row["val_accuracy"], len(train) / row["train_seconds"])


def _keep(experiment: Experiment, state: Checkpoint, variables: list) -> None:
    state.variables = [np.asarray(variable) for variable in variables]
    checkpoints.save(experiment, state)


def _keep_filters(
    state: Checkpoint, model: "keras.Model", epoch: int, experiment: Experiment
) -> None:
    kernel = _first_kernel(model)
    if epoch % _filter_step(kernel.nbytes, experiment.recipe.epochs) == 0:
        state.filters[epoch] = kernel


def _first_kernel(model: "keras.Model") -> np.ndarray:
    return np.asarray(model.get_layer("conv1").kernel).astype(np.float16)


def _filter_step(size: int, epochs: int) -> int:
    """Every how many epochs a kernel of `size` bytes is kept, so that all fit into a record."""
    steps = (step for step in (1, 2, 5, 10, 25) if (epochs // step + 2) * size <= FILTER_BYTES)
    return next(steps, epochs)


def _result(
    experiment: Experiment,
    model: "keras.Model",
    data: datasets.Dataset,
    train: datasets.Split,
    test: datasets.Split,
    state: Checkpoint,
) -> Run:
    import keras

    on_train = model.predict(batches(train), verbose=0)
    on_test = model.predict(batches(test), verbose=0)
    turned = datasets.Split(keras.ops.flip(test.images, axis=2), test.labels)
    on_turned = model.predict(batches(turned), verbose=0)
    drawn = np.stack([draw(experiment.image_size) for draw in probes.PROBES.values()])
    answers = model.predict(drawn.astype(np.float32), verbose=0)
    history = runs.History(**state.history)
    return Run(
        experiment=experiment,
        classes=data.classes,
        history=history,
        train=metrics.evaluate(on_train, data.train.labels),
        test=metrics.evaluate(on_test, data.test.labels),
        mirrored=metrics.evaluate((on_test + on_turned) / 2, data.test.labels),
        confusion=metrics.confusion(on_test, data.test.labels),
        calibration=metrics.calibrate(on_test, data.test.labels),
        probes=dict(zip(probes.PROBES, answers.tolist(), strict=True)),
        filters=runs.Filters.pack(state.filters | {state.epochs_done: _first_kernel(model)}),
        fit_seconds=sum(history.train_seconds) + sum(history.val_seconds),
        images_per_second=len(data.train) / float(np.median(history.train_seconds)),
        provenance=runs.Provenance(
            package=version("cnn-explainer"),
            python=platform.python_version(),
            keras=keras.__version__,
            backend=" ".join(versions.backend()),
            numpy=np.__version__,
            processor=machine.processor(),
            accelerator=bool(machine.accelerators()),
            cores=machine.cores(),
            precision=state.precision,
            dataset_fingerprint=data.fingerprint,
            dataset_origin=data.origin,
            finished=datetime.now(UTC).replace(microsecond=0),
        ),
    )
