"""Made-up runs for the tests: random numbers that fit together as a real run's do."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import product
from typing import Any

import numpy as np

from cnn_explainer import metrics
from cnn_explainer.architectures import shapes
from cnn_explainer.datasets import SOURCES
from cnn_explainer.experiments import Experiment, get
from cnn_explainer.runs import Filters, History, Provenance, Run
from cnn_explainer.speedrun import Lap, SpeedRun
from cnn_explainer.sweep import Space, Sweep, Trial
from cnn_explainer.sweep.space import Range

CLASSES = {name: source.classes for name, source in SOURCES.items()}
ORIGINS = {
    "cifar10": "a copy re-encoded as JPEG",
    "tf_flowers": "the original",
}
IMAGES = 1000
"""As many test images as the made-up confusion matrix counts."""


def run(
    name: str = "lenet5-plain",
    *,
    seed: int = 42,
    epochs_done: int | None = None,
    precision: str = "float32",
    **changes,
) -> Run:
    """A run of the catalogue's experiment; the same arguments give the same run.

        run()                                      -> LeNet-5, 50 of 50 epochs
        run("vgg16-plain", seed=7, epochs_done=3)  -> VGG16, 5 classes, 3 of 50 epochs

    `precision` is what the provenance says was really used; `changes` are those of `get`.
    """
    experiment = get(name, seed=seed, **changes)
    done = experiment.recipe.epochs if epochs_done is None else epochs_done
    rng = np.random.default_rng(seed)
    classes = CLASSES[experiment.dataset]
    labels = rng.integers(len(classes), size=IMAGES)
    probabilities = predictions(rng, labels, len(classes))
    seconds = tuple(rng.uniform(3, 5, done))
    return Run(
        experiment=experiment,
        classes=classes,
        history=history(rng, done),
        train=metrics.evaluate(*_training(rng, len(classes))),
        test=metrics.evaluate(probabilities, labels),
        mirrored=metrics.evaluate(
            (probabilities + predictions(rng, labels, len(classes))) / 2, labels
        ),
        confusion=metrics.confusion(probabilities, labels),
        calibration=metrics.calibrate(probabilities, labels),
        probes={
            probe: tuple(rng.dirichlet(np.full(len(classes), 0.3)))
            for probe in ("aeroplane", "rose")
        },
        filters=filters(rng, experiment.model, done),
        fit_seconds=sum(seconds) * 1.1,
        images_per_second=50_000 / float(np.median(seconds)),
        provenance=Provenance(
            package="0.1.0",
            python="3.11.2",
            keras="3.15.0",
            backend="tensorflow 2.21.0",
            numpy="2.4.6",
            processor="AMD EPYC 9B14",
            cores=2,
            precision=precision,
            dataset_fingerprint="0123456789abcdef",
            dataset_origin=ORIGINS[experiment.dataset],
            finished=datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
        ),
    )


def accurate(name: str, *accuracies: float, first: int = 1, **changes) -> tuple[Run, ...]:
    """Seeds of these accuracies on the test images, from the seed `first` on."""
    made = [run(name, seed=seed, **changes) for seed in range(first, first + len(accuracies))]
    return tuple(
        each.model_copy(update={"test": each.test.model_copy(update={"accuracy": accuracy})})
        for each, accuracy in zip(made, accuracies, strict=True)
    )


def accelerated(run: Run, seconds: float) -> Run:
    """The same, as if an accelerator had taken so many seconds."""
    made = {"processor": "NVIDIA H100", "accelerator": True, "backend": "jax 0.11.2"}
    provenance = run.provenance.model_copy(update=made)
    return run.model_copy(update={"provenance": provenance, "fit_seconds": seconds})


def predictions(rng: np.random.Generator, labels: np.ndarray, classes: int) -> np.ndarray:
    """Probabilities `(N, classes)` of a network that is right more often than not."""
    logits = rng.normal(scale=1.5, size=(len(labels), classes))
    logits[np.arange(len(labels)), labels] += 2
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(1, keepdims=True)


def _training(rng: np.random.Generator, classes: int) -> tuple[np.ndarray, np.ndarray]:
    labels = rng.integers(classes, size=IMAGES)
    return predictions(rng, labels, classes), labels


def history(rng: np.random.Generator, epochs: int) -> History:
    """Curves that rise and fall as in a training that overfits."""
    time = np.arange(1, epochs + 1) / 10
    noise = rng.normal(scale=0.01, size=(4, epochs))
    rise = 1 - np.exp(-time)
    return History(
        accuracy=tuple(0.25 + 0.5 * rise + noise[0]),
        loss=tuple(2.1 - 1.5 * rise + noise[1]),
        val_accuracy=tuple(0.30 + 0.28 * rise + noise[2]),
        val_loss=tuple(1.9 - 0.8 * rise + 0.15 * time + noise[3]),
        train_seconds=tuple(rng.uniform(3, 4, epochs)),
        val_seconds=tuple(rng.uniform(0.2, 0.4, epochs)),
        processor_seconds=tuple(rng.uniform(5, 7, epochs)),
    )


def filters(rng: np.random.Generator, model: str, epochs: int) -> Filters:
    """The first layer's kernels before the first epoch, and at the end of three others."""
    first = shapes(model)[0].layer
    shape = (first.size, first.size, 3, first.filters)
    saved = sorted({0, 1, (epochs + 1) // 2, epochs})
    return Filters.pack({epoch: rng.normal(scale=0.2, size=shape) for epoch in saved})


SETTINGS = {
    "epochs": 18,
    "optimizer": ("sgd", "adam"),
    "learning_rate": {"log_uniform": (0.001, 0.1)},
    "dropout": {"uniform": (0.0, 0.5)},
    "shift": {"uniform": (0, 3)},
    "flip": (False, True),
}


def by_rate(values: dict[str, Any]) -> float:
    """An accuracy for which the learning rate alone matters; 0.01 is best."""
    return 0.6 - 0.1 * abs(np.log10(values.get("learning_rate", 0.01)) + 2)


def sweep(
    name: str = "made-up",
    *,
    trials: int = 24,
    settings: dict[str, Any] = SETTINGS,
    accuracy: Callable[[dict[str, Any]], float] = by_rate,
    noise: float = 0.005,
    seed: int = 0,
    **space: Any,
) -> Sweep:
    """A search of LeNet-5's settings, stopped early; the same arguments give the same search.

        sweep()                                        -> 24 random trials, of which few go on
        sweep(search="grid", early_stopping=None, …)   -> every combination of `settings`
        sweep(accuracy=lambda values: 0.5)             -> nothing matters

    `accuracy` is what a trial reaches in the end; `space` are other fields of the `Space`.
    """
    searched = Space(
        **{"name": name, "model": "lenet5", "settings": settings, "trials": trials, "seed": seed}
        | space
    )
    rng = np.random.default_rng(seed)
    rungs: dict[int, list[float]] = {}
    return Sweep(
        space=searched,
        trials=tuple(
            _trial(rng, searched, values, accuracy(values), noise, rungs)
            for values in _draws(rng, searched)
        ),
        nodes=1,
        cores=2,
        processor="AMD EPYC 9B14",
        versions={"python": "3.11.2", "cnn-explainer": "0.1.0", "keras": "3.15.0", "ray": "2.60.0"},
        dataset_fingerprint="0123456789abcdef",
        finished=datetime(2026, 11, 25, 12, 0, tzinfo=UTC),
    )


def _draws(rng: np.random.Generator, space: Space) -> list[dict[str, Any]]:
    names = sorted(space.chosen)
    if space.search == "grid":
        choices = [each if isinstance(each := space.chosen[n], tuple) else (each,) for n in names]
        return [dict(zip(names, values, strict=True)) for values in product(*choices)]
    return [{n: _drawn(rng, space.chosen[n]) for n in names} for _ in range(space.trials)]


def _drawn(rng: np.random.Generator, choice: Any) -> Any:
    match choice:
        case Range() if isinstance(choice.ends[0], int):
            return int(rng.integers(choice.ends[0], choice.ends[1] + 1))
        case Range() if choice.logarithmic:
            return float(np.exp(rng.uniform(*np.log(choice.ends))))
        case Range():
            return float(rng.uniform(*choice.ends))
        case tuple():
            return choice[rng.integers(len(choice))]
    return choice


def _trial(rng, space: Space, values, accuracy: float, noise: float, rungs) -> Trial:
    """Rises towards its accuracy; after each rung, only one of `factor` goes on."""
    asked, stopping = space.experiment(values).recipe.epochs, space.early_stopping
    epochs = np.arange(1, asked + 1)
    curve = 0.1 + (accuracy - 0.1) * (1 - np.exp(-epochs / 3)) / (1 - np.exp(-asked / 3))
    curve = np.clip(curve + rng.normal(scale=noise, size=asked), 0, 1)
    done = asked
    rung = stopping.grace if stopping else asked
    while rung < asked:
        reached = rungs.setdefault(rung, [])
        reached.append(curve[rung - 1])
        if curve[rung - 1] < np.percentile(reached, 100 - 100 / stopping.factor):
            done = rung
            break
        rung *= stopping.factor
    past = history(rng, done)
    return Trial(
        values=values,
        end="finished" if done == asked else "stopped",
        history=past.model_copy(update={"val_accuracy": tuple(curve[:done].tolist())}),
    )


FAST = Experiment(model="lenet5", variant="fast", dataset="cifar10", image_size=32)


def speedrun(experiment: Experiment = FAST, seeds: Iterable[int] = (1, 2, 3)) -> SpeedRun:
    """A speed run whose laps take from 5 to 6 seconds, and are right on 0.58 to 0.62."""
    rng = np.random.default_rng(0)
    return SpeedRun(
        experiment=experiment,
        laps=tuple(
            Lap(seed=seed, seconds=rng.uniform(5, 6), accuracy=rng.uniform(0.58, 0.62))
            for seed in seeds
        ),
        processor="AMD EPYC 9B14",
        cores=2,
        precision="float32",
        versions={"python": "3.11.2", "cnn-explainer": "0.1.0", "keras": "3.15.0"},
        finished=datetime(2026, 11, 25, 12, 0, tzinfo=UTC),
    )


def with_trials(sweep: Sweep, *changed: Trial) -> Sweep:
    """The same search with these trials in place of its first ones."""
    return sweep.model_copy(update={"trials": (*changed, *sweep.trials[len(changed) :])})


def ended(trial: Trial, end: str, epochs: int) -> Trial:
    """The same trial, which diverged or failed after so many epochs."""
    past = {name: numbers[:epochs] for name, numbers in trial.history}
    history = trial.history.model_copy(update=past) if epochs else None
    return trial.model_copy(update={"end": end, "history": history})
