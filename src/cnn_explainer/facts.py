"""What a chapter's sentences say of one experiment, as names and values to glue."""

from collections.abc import Sequence

import numpy as np

from . import comparison, mistakes, words
from .architectures import architecture, parameters, shapes
from .probes import PROBES, TRUTH
from .provenance import as_seeds, epochs, shortfall
from .published import RESULTS, epochs_to_match
from .runs import Run


def of(runs: Run | Sequence[Run]) -> dict[str, int | float | str]:
    """The numbers and names that the prose about an experiment needs.

        for name, value in facts.of(runs).items():
            glue(f"plain_{name}", value, display=False)

    Of several seeds, numbers are means. Accuracies are shares, `gap`, `lost`, `interval` and
    `difference` are percentage points, times are seconds.

    Raises `ValueError` if there is no run, or if they are not seeds of one experiment.
    """
    seeds = as_seeds(runs)
    return {
        **_training(seeds),
        **_scores(seeds),
        **_course(seeds),
        **_confusions(seeds),
        **_cost(seeds),
        **_beside_published(seeds),
        **_answers(seeds),
    }


def _training(seeds: Sequence[Run]) -> dict[str, int | float | str]:
    first = seeds[0]
    numbers = [run.experiment.seed for run in seeds]
    return {
        "title": words.experiment(first.experiment),
        "network": architecture(first.experiment.model).title,
        "variant": words.variant(first.experiment.variant),
        "seeds": len(seeds),
        "seed": ", ".join(map(str, numbers)),
        "of_seeds": "one seed" if len(seeds) == 1 else f"the mean of {len(seeds)} seeds",
        "epochs": min(run.epochs_done for run in seeds),
        "asked": first.experiment.recipe.epochs,
        "trained": shortfall(seeds) or epochs(first),
        "classes": len(first.classes),
        "test_images": int(np.sum(first.confusion)),
        # Of a network that has learned nothing: the most frequent class, or equal probabilities.
        "guess_accuracy": _most_frequent(first)[0],
        "guess_loss": float(np.log(len(first.classes))),
        "origin": first.provenance.dataset_origin,
        "precision": " and ".join(
            dict.fromkeys(words.precision(run.provenance.precision) for run in seeds)
        ),
    }


def _scores(seeds: Sequence[Run]) -> dict[str, float | str]:
    accuracies = np.array([run.test.accuracy for run in seeds])
    accuracy, images = accuracies.mean(), np.sum(seeds[0].confusion)
    trained = _mean(run.train.accuracy for run in seeds)
    told = {
        "accuracy": float(accuracy),
        "lowest_accuracy": float(accuracies.min()),
        "highest_accuracy": float(accuracies.max()),
        "loss": _mean(run.test.loss for run in seeds),
        "binary_accuracy": _mean(run.test.binary_accuracy for run in seeds),
        "train_accuracy": trained,
        "train_loss": _mean(run.train.loss for run in seeds),
        "gap": 100 * (trained - float(accuracy)),
        # Of one run, from the number of test images alone.
        "error": float((accuracy * (1 - accuracy) / images) ** 0.5),
        "confidence": _mean(
            np.average(run.calibration.confidence, weights=run.calibration.count) for run in seeds
        ),
        "ece": _mean(run.calibration.expected_error for run in seeds),
    }
    if len(seeds) == 1:
        return told | {"spread": "one seed, and so no interval"}
    half = 100 * float(comparison.half_interval(accuracies))
    return told | {"interval": half, "spread": f"± {half:.1f} points, {len(seeds)} seeds"}


def _course(seeds: Sequence[Run]) -> dict[str, int | float]:
    """Of the mean curves, over the epochs that all seeds have."""
    common = min(run.epochs_done for run in seeds)
    accuracy, loss, trained = (
        np.mean([getattr(run.history, name)[:common] for run in seeds], axis=0)
        for name in ("val_accuracy", "val_loss", "loss")
    )
    best, lowest, learned = int(accuracy.argmax()), int(loss.argmin()), int(trained.argmin())
    since = begun(accuracy, seeds[0])
    return {
        "begun": f"from epoch {since} on" if since else "at no time for good",
        "first_accuracy": float(accuracy[0]),
        "best_epoch": best + 1,
        "best_accuracy": float(accuracy[best]),
        "lost": 100 * float(accuracy[best] - accuracy[-1]),
        "lowest_epoch": lowest + 1,
        "lowest_loss": float(loss[lowest]),
        "last_loss": float(loss[-1]),
        "times": float(loss[-1] / loss[lowest]) if loss[lowest] else 1.0,
        # In training, with whatever is left out and changed there.
        "learned_epoch": learned + 1,
        "learned_loss": float(trained[learned]),
        "learned_last_loss": float(trained[-1]),
    }


def begun(accuracy: np.ndarray, run: Run) -> int | None:
    """From which epoch on a curve of validation accuracies is better than a guess.

    By two standard errors, and to the end; `None` if at no time. The guess is the class that is
    most frequent among the run's test images.
    """
    guess, images = _most_frequent(run)
    beyond = guess + 2 * (guess * (1 - guess) / images) ** 0.5
    return next((i + 1 for i in range(len(accuracy)) if (accuracy[i:] > beyond).all()), None)


def _confusions(seeds: Sequence[Run]) -> dict[str, int | float | str]:
    counts, classes = mistakes.confusion(seeds), seeds[0].classes
    recall = np.diag(counts) / np.maximum(counts.sum(1), 1)
    told = {
        "easiest": classes[int(recall.argmax())],
        "easiest_share": float(recall.max()),
        "hardest": classes[int(recall.argmin())],
        "hardest_share": float(recall.min()),
    }
    for worst in mistakes.worst(seeds, 1):
        told |= {
            "worst_true": worst.true,
            "worst_said": worst.answer,
            "worst_count": round(worst.count),
            "back_count": round(worst.back),
            "worst_of": worst.images,
        }
    return told


def _cost(seeds: Sequence[Run]) -> dict[str, int | float]:
    model = seeds[0].experiment.model
    fit = _mean(run.fit_seconds for run in seeds)
    return {
        "parameters": parameters(model),
        "multiply_adds": sum(row.multiply_adds for row in shapes(model)),
        "fit_seconds": fit,
        "fit_minutes": fit / 60,
        "fit_hours": fit / 3600,
        "processor_seconds": _mean(sum(run.history.processor_seconds) for run in seeds),
        "epoch_seconds": _mean(run.fit_seconds / run.epochs_done for run in seeds),
        "images_per_second": _mean(run.images_per_second for run in seeds),
    }


def _beside_published(seeds: Sequence[Run]) -> dict[str, int | float | str]:
    theirs = RESULTS.get(seeds[0].experiment.name)
    if theirs is None:
        return {}
    difference = comparison.with_published(seeds)
    reached = [count for run in seeds if (count := epochs_to_match(run))]
    return {
        "published_accuracy": theirs.accuracy,
        "published_loss": theirs.loss,
        "published_binary_accuracy": theirs.binary_accuracy,
        "published_fit_seconds": theirs.fit_seconds,
        "difference": 100 * abs(difference.mean),
        "direction": "below" if difference.mean < 0 else "above",
        "noise": difference.verdict,
        "difference_words": difference.words,
        "reached": f"{len(reached)} of {len(seeds)}",
        "reached_epoch": _mean(reached) if reached else "–",
    }


def _answers(seeds: Sequence[Run]) -> dict[str, int | float | str]:
    """Of each probe: the answer of the mean probabilities, and how many seeds give it."""
    told = {}
    for probe in PROBES:
        shares, classes = np.array([run.probes[probe] for run in seeds]), seeds[0].classes
        mean = shares.mean(0)
        k = int(mean.argmax())
        truth = TRUTH[seeds[0].experiment.dataset].get(probe)
        told |= {
            probe: words.one(classes[k]),
            f"{probe}_p": float(mean[k]),
            f"{probe}_agree": f"{int((shares.argmax(1) == k).sum())} of {len(seeds)}",
        }
        if truth:
            told[f"{probe}_verdict"] = "right" if classes[k] == truth else "wrong"
            told[f"{probe}_truth"] = words.one(truth)
            told[f"{probe}_truth_p"] = float(mean[classes.index(truth)])
    return told


def _most_frequent(run: Run) -> tuple[float, int]:
    """The share of the most frequent class among the test images, and how many these are."""
    counts = np.sum(run.confusion, axis=1)
    return float(counts.max() / counts.sum()), int(counts.sum())


def _mean(values) -> float:
    return float(np.mean([*values]))
