"""Tables of runs, networks and experiments, for a page, a notebook and a screen reader."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from math import floor, log10
from numbers import Integral, Real

import numpy as np
import pandas as pd
from scipy.special import ndtri

from . import comparison, mistakes, words
from . import runs as records
from .architectures import architecture, multiply_adds, parameters, shapes
from .comparison import half_interval
from .datasets import SOURCES
from .experiments import CATALOGUE, Experiment
from .provenance import as_runs, as_seeds, by_experiment, describe, quickest, title
from .published import RESULTS, epochs_to_match, seconds_to_match
from .runs import Run
from .source_line import ending


@dataclass(frozen=True, repr=False)
class Table:
    """A data frame with a caption; in a notebook it shows itself."""

    frame: pd.DataFrame
    """The numbers as they are; rounded only where they are shown."""
    caption: str
    source: str = ""
    """The runs that the numbers come from; it ends the caption."""

    @property
    def shown(self) -> pd.DataFrame:
        """The frame as text: four decimals, or three digits where a column has numbers of ten and
        more, whose thousands are apart; a dash where there is nothing.
        """
        return self.frame.apply(_column)

    def __repr__(self) -> str:
        """Caption and rows as plain text."""
        return f"{self.caption}\n{self.shown.to_string()}"

    def _repr_html_(self) -> str:
        # A wide table scrolls by itself; the keyboard must be able to reach it then, and its
        # caption stays in view, no wider than what is seen of the table.
        stay = "display: inline-block; position: sticky; left: 0; max-width: 100cqw"
        return (
            f'<div class="cnn-table" role="region" tabindex="0" aria-label="{escape(self.caption)}"'
            ' style="overflow-x: auto; container-type: inline-size"><table>'
            f'<caption style="text-align: left"><div style="{stay}">'
            f"{escape(self.caption)}{ending(self.source)}</div></caption>"
            f"{self._inside()}</table></div>"
        )

    def _inside(self) -> str:
        right = [pd.api.types.is_numeric_dtype(kind) for kind in self.frame.dtypes]
        head = _row(self.frame.index.name, self.frame.columns, right, scope="col")
        body = "".join(_row(name, row, right) for name, *row in self.shown.itertuples())
        return f"<thead>{head}</thead><tbody>{body}</tbody>"


def metrics(runs: Run | Sequence[Run]) -> Table:
    """How well a trained network does on the training and on the test images.

        metrics(run)                 ->  the record's numbers
        metrics([seed_1, seed_2])    ->  the mean, and ± half the width of its 95 % interval

    Several runs must be seeds of one experiment, or `ValueError` is raised. The interval is
    Student's, for a mean of n values from a normal distribution whose spread is not known.
    """
    seeds = as_seeds(runs)
    values = {
        "Training": np.array([[*_measures(run.train), np.nan] for run in seeds]),
        VALIDATION: np.array(
            [[*_measures(run.test), run.calibration.expected_error] for run in seeds]
        ),
    }
    columns = {}
    for side, numbers in values.items():
        columns[side] = numbers.mean(0)
        if len(seeds) > 1:
            columns[f"± {side.split()[0].lower()}"] = half_interval(numbers)
    frame = pd.DataFrame(columns, index=pd.Index(MEASURES, name="Measure"))
    caption = (
        f"How well {words.amid(title(seeds))} does on the images it was trained on,"
        f" and on the test images, which serve for validation too. {_spread(seeds)}"
    )
    return Table(frame, caption, describe(seeds))


VALIDATION = "Validation = test"
"""One part of the data under both names, as in the write-up; nothing is chosen by it."""
MEASURES = (
    "Accuracy",
    "Loss (nats)",
    "Binary accuracy",
    "Categorical accuracy",
    "Categorical cross-entropy (nats)",
    "Expected calibration error",
)


def layers(name: str, variant: str = "plain", classes: int | None = None) -> Table:
    """A network layer by layer, with what each costs; the last row is the sum.

        layers("lenet5")                        ->  62,006 parameters
        layers("vgg16-imagenet")                ->  138,357,544 parameters

    Raises `ValueError` for an unknown name or variant.
    """
    rows = shapes(name, variant, classes=classes)
    first = rows[0].input_shape
    frame = pd.DataFrame(
        {
            "What": [*(words.layer(row.layer) for row in rows), ""],
            "Output": [*(words.shape(row.output_shape) for row in rows), ""],
            "Parameters": _with_sum(row.parameters for row in rows),
            "Multiply-adds": _with_sum(row.multiply_adds for row in rows),
        },
        index=pd.Index([*(row.name for row in rows), "Total"], name="Layer"),
    )
    caption = (
        f"{architecture(name).title}, {words.variant(variant)}: its layers, from a picture of"
        f" {words.shape(first)}. Multiply-adds are counted for one picture."
    )
    return Table(frame, caption)


def recipe(experiment: Experiment) -> Table:
    """How an experiment's network is trained, setting by setting.

    What only some experiments have has a row in theirs alone: a rate that changes over time,
    augmentation, images held out, changed layers.
    """
    chosen, changes = experiment.recipe, experiment.changes
    settings = {
        "Network": architecture(experiment.model).title,
        "Variant": words.variant(experiment.variant),
        "Dataset": SOURCES[experiment.dataset].title,
        "Training images": words.share(experiment.train_share),
        "Of these held out": experiment.held_out and words.share(experiment.held_out),
        "Image size": f"{words.shape((experiment.image_size,) * 2)} pixels",
        "Augmentation": words.augmentation(experiment.strengths),
        "Activation": changes.activation and words.ACTIVATIONS[changes.activation],
        "First weights": words.first_weights(experiment),
        # One of 0 is a change too, where the network has dropout.
        "Dropout": None if changes.dropout is None else f"{changes.dropout:.3g}",
        "Hidden units": changes.hidden_units and f"{changes.hidden_units:,}",
        "Loss": "categorical cross-entropy",
        "Optimizer": words.optimizer(chosen),
        "Learning rate": f"{chosen.learning_rate:g}",
        "Rate over time": chosen.schedule != "constant" and words.schedule(chosen),
        "Batch size": f"{chosen.batch_size} images",
        "Epochs": str(chosen.epochs),
        "Precision": words.precision(chosen.precision),
        "Seed": str(experiment.seed),
    }
    frame = pd.DataFrame({"Value": {name: said for name, said in settings.items() if said}})
    frame.index.name = "Setting"
    return Table(frame, f"How {words.experiment(experiment)} is trained.")


def experiments() -> Table:
    """The catalogue: what can be trained, and what has been."""
    rows = {
        name: {
            "Dataset": experiment.dataset,
            "Image size": words.shape((experiment.image_size,) * 2),
            "Parameters": parameters(experiment.model),
            "Precision": words.precision(experiment.recipe.precision),
            "Recorded": "yes" if records.recorded(experiment) else "no",
        }
        for name, experiment in CATALOGUE.items()
    }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index.name = "Experiment"
    return Table(frame, "The experiments, and whether there is a record of each.")


def classes(run: Run) -> Table:
    """How well each class is recognised, from the confusion matrix.

    Precision is the share of right answers among the answers of a class, recall among the
    images of a class. Where there is none to divide by, there is a dash.
    """
    counts = np.array(run.confusion, float)
    right, answers, images = np.diag(counts), counts.sum(0), counts.sum(1)
    frame = pd.DataFrame(
        {
            "Precision": right / np.where(answers, answers, np.nan),
            "Recall": right / np.where(images, images, np.nan),
            "Test images": images.astype(int),
        },
        index=pd.Index(run.classes, name="Class"),
    )
    caption = f"Precision and recall of {words.amid(title([run]))}, class by class."
    return Table(frame, caption, describe(run))


def beside_published(runs: Run | Sequence[Run]) -> Table:
    """The write-up's measures beside those of one experiment's seeds, or of several experiments'.

        beside_published(runs.of("lenet5-plain"))   ->  3 rows: accuracy, loss, binary accuracy

    Raises `ValueError` if there is no run.
    """
    runs = as_runs(runs)
    groups = {name: seeds for name, seeds in by_experiment(runs).items() if seeds}
    networks = {seeds[0].experiment.model for seeds in groups.values()}
    rows = {}
    for name, seeds in groups.items():
        experiment = seeds[0].experiment
        said = f", {architecture(experiment.model).title}" * (len(networks) > 1)
        said += f", {words.short_variant(experiment.variant)}" * (len(groups) > 1)
        for measure, field in PUBLISHED.items():
            mean, half = _mean_and_half([getattr(run.test, field) for run in seeds])
            theirs = getattr(RESULTS[name], field)
            rows[f"{measure}{said}"] = {
                "Write-up": theirs,
                "Here": mean,
                "±": half,
                "Difference": mean - theirs,
            }
    caption = f"The write-up's numbers, of one seed, and ours. {_spread(*groups.values())}"
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("Measure")
    return Table(frame, caption, describe(runs))


def published(model: str) -> Table:
    """What the write-up measured of one network's variants.

        published("alexnet")   ->  3 rows; ± is half the 95 % interval that the images allow

    Raises `ValueError` for a network that it does not have.
    """
    variants = [each for each in CATALOGUE.values() if each.model == model]
    if not variants:
        every = ", ".join(dict.fromkeys(each.model for each in CATALOGUE.values()))
        raise ValueError(f"`model` must be one of {every}. Received: {model!r}")
    rows = {}
    for each in variants:
        theirs = RESULTS[each.name]
        spread = theirs.accuracy * (1 - theirs.accuracy) / theirs.images
        rows[words.variant(each.variant)] = {
            "Accuracy": theirs.accuracy,
            "±": float(ndtri(1 - comparison.LEVEL / 2)) * spread**0.5,
            "Loss (nats)": theirs.loss,
            "Binary accuracy": theirs.binary_accuracy,
            "Fit time (s)": theirs.fit_seconds,
        }
    caption = (
        f"The write-up's numbers for {words.amid(architecture(model).title)}, of one training each,"
        f" on {RESULTS[variants[0].name].images:,} test images. ±: half the 95\N{NO-BREAK SPACE}%"
        " interval that so many images allow; another start would add to it."
    )
    return Table(pd.DataFrame.from_dict(rows, orient="index").rename_axis("Variant"), caption)


def mirrored(runs: Run | Sequence[Run]) -> Table:
    """What it brings to answer twice, to the image and to its mirror image, and take the mean.

        mirrored(runs.of("lenet5-polished"))   ->  accuracy and loss, once and twice

    Raises `ValueError` if the runs are not seeds of one experiment, or if one was trained before
    this was measured.
    """
    seeds = as_seeds(runs)
    if without := [run.experiment.slug for run in seeds if run.mirrored is None]:
        raise ValueError(
            "`runs` must have been judged with the mirror image, too. Received:"
            f" {', '.join(without)}"
        )
    rows = {}
    for measure, field in (("Accuracy", "accuracy"), ("Loss (nats)", "loss")):
        once, twice = (
            np.array([getattr(part, field) for part in parts])
            for parts in ([run.test for run in seeds], [run.mirrored for run in seeds])
        )
        brought, half = _mean_and_half(twice - once)
        rows[measure] = {
            "Once": once.mean(),
            "Twice": twice.mean(),
            "Difference": brought,
            "±": half,
        }
    caption = (
        f"{title(seeds)} on the test images: one answer, and the mean of those to the image and"
        f" to its mirror image. {_spread(seeds)}"
    )
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("Measure")
    return Table(frame, caption.strip(), describe(seeds))


PUBLISHED = {
    "Accuracy": "accuracy",
    "Loss (nats)": "loss",
    "Binary accuracy": "binary_accuracy",
}


def accuracies(runs: Iterable[Run]) -> Table:
    """All ten experiments: accuracy on the test images, and the write-up's.

        accuracies(runs.catalogued())   ->  10 rows; dashes where nothing is recorded

    The last column says whether the difference is more than noise, all of them taken together;
    see `comparison`.
    """
    runs = tuple(runs)
    groups = by_experiment(runs)
    recorded = [name for name, seeds in groups.items() if seeds]
    differences = comparison.together(comparison.with_published(groups[n]) for n in recorded)
    verdicts = {name: each.verdict for name, each in zip(recorded, differences, strict=True)}
    rows = {}
    for name, seeds in groups.items():
        mean, half = _mean_and_half([run.test.accuracy for run in seeds])
        rows[name] = {
            "Seeds × epochs": _trained(seeds),
            "Accuracy": mean,
            "±": half,
            "Write-up": RESULTS[name].accuracy,
            "Difference": mean - RESULTS[name].accuracy,
            "That is": verdicts.get(name),
        }
    caption = (
        "The accuracy of every experiment on its test images: the base model and LeNet-5 on"
        f" CIFAR-10, AlexNet and VGG16 on flowers. {_spread(*groups.values())}"
    )
    return _of_experiments(rows, caption.strip(), runs)


def costs(runs: Iterable[Run]) -> Table:
    """All ten experiments: how long they took, and what they reach.

        costs(runs.catalogued())   ->  10 rows; dashes where nothing is recorded

    Accuracy is the mean of the seeds, times are those of the quickest.
    """
    runs = tuple(runs)
    rows = {}
    for name, seeds in by_experiment(runs).items():
        quick = [quickest(seeds)] if seeds else []
        rows[name] = {
            "Seeds × epochs": _trained(seeds),
            "Fit time (s)": _mean(run.fit_seconds for run in quick),
            "Write-up's (s)": RESULTS[name].fit_seconds,
            "On": ", ".join(_kind(run) for run in quick) or None,
            "Images a second": _mean(run.images_per_second for run in quick),
            "Accuracy": _mean(run.test.accuracy for run in seeds),
        }
    notes = (
        f"The write-up on its time for {name}: {each.note}."
        for name, each in RESULTS.items()
        if each.note
    )
    caption = (
        "How long each experiment took. Accuracy is the mean of its seeds, times are those of the"
        " quickest."
    )
    return _of_experiments(rows, " ".join([caption, *notes]), runs)


def processor_times(runs: Iterable[Run]) -> Table:
    """What was trained without an accelerator: how much of the time was work.

        processor_times(runs.catalogued())   ->  a row for each such experiment

    *Processor* counts the seconds that the processor's cores worked, which other work on the
    machine does not lengthen, as it does the fit time; *busy* is their share of the time that
    there was. Of each experiment the quickest run.
    """
    runs = [run for run in runs if not run.provenance.accelerator]
    quick = {name: quickest(seeds) for name, seeds in by_experiment(runs).items() if seeds}
    rows = {
        name: {
            "Epochs": run.epochs_done,
            "Cores": run.provenance.cores,
            "Fit time (s)": run.fit_seconds,
            "Processor (s)": sum(run.history.processor_seconds),
            "Busy": run.busy,
        }
        for name, run in quick.items()
    }
    caption = (
        "Trained without an accelerator, of each experiment the quickest run: how long the cores"
        " worked, and the share of their time that this is."
    )
    return _of_experiments(rows, caption, [*quick.values()])


def networks() -> Table:
    """The four networks: the picture they take, their parameters, and their arithmetic."""
    rows = {
        architecture(name).title: {
            "Picture": words.shape((architecture(name).image_size,) * 2),
            "Parameters": parameters(name),
            "Multiply-adds": multiply_adds(name),
        }
        for name in dict.fromkeys(each.model for each in CATALOGUE.values())
    }
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("Network")
    return Table(frame, "What each network costs: in memory, and in arithmetic for one picture.")


def time_to_match(runs: Iterable[Run]) -> Table:
    """All ten experiments: how long until the validation accuracy was the write-up's final one.

    time_to_match(runs.catalogued())   ->  10 rows; dashes where it never was

    Epochs are the mean of the seeds that got there, seconds those of the quickest.
    """
    runs = tuple(runs)
    rows = {}
    for name, seeds in by_experiment(runs).items():
        matched = [run for run in seeds if epochs_to_match(run)]
        rows[name] = {
            "Write-up's accuracy": RESULTS[name].accuracy,
            "Best epoch's": _mean(max(run.history.val_accuracy) for run in seeds),
            "Seeds × epochs": _trained(seeds),
            "Seeds that reach it": len(matched) if seeds else None,
            # As text: an epoch is no number with four decimals.
            "After epochs": f"{_mean(map(epochs_to_match, matched)):g}" if matched else None,
            "After (s)": min(map(seconds_to_match, matched), default=None),
        }
    caption = (
        "When the validation accuracy first was as high as the write-up's at its end. To touch it"
        " once is easier than to end there. Epochs are the mean of the seeds that reach it, seconds"
        " those of the quickest, whatever machine trained it."
    )
    table = _of_experiments(rows, caption, runs)
    # An integer that may be missing: NumPy has none.
    return replace(table, frame=table.frame.astype({"Seeds that reach it": "Int64"}))


def differences(runs: Iterable[Run], measure: str | comparison.Measure = "accuracy") -> Table:
    """Variants of one network, and networks of one variant, compared with each other.

        differences(runs.catalogued())          ->  13 rows, once all are recorded
        differences(runs.catalogued(), "gap")   ->  the same of training minus test accuracy

    Raises `ValueError` for an unknown measure; see `comparison.MEASURES`.
    """
    runs = tuple(runs)
    compared = comparison.among(runs, measure)
    rows = {
        " − ".join(side[0].experiment.name for side in sides): each
        for sides, each in zip(comparison.pairs(runs), compared, strict=True)
    }
    source = describe(runs) if runs else ""
    return _of_differences(rows, comparison.measure_of(measure).name, source)


def published_differences(*pairs: tuple[str, str]) -> Table:
    """The write-up's accuracies, compared with each other.

        published_differences(("alexnet-augmented", "alexnet-plain"))   ->  a row: within noise

    Raises `ValueError`, as `comparison.of_published`.
    """
    compared = comparison.together(comparison.of_published(*pair) for pair in pairs)
    rows = {" − ".join(pair): each for pair, each in zip(pairs, compared, strict=True)}
    return _of_differences(rows, "write-up's accuracy", "")


def _of_differences(compared: dict[str, comparison.Difference], measure: str, source: str) -> Table:
    rows = {
        name: {
            "Mean": each.mean,
            "From": each.low,
            "To": each.high,
            "Interval from": each.method,
            "p": each.p,
            "That is": each.verdict,
        }
        for name, each in compared.items()
    }
    columns = ("Mean", "From", "To", "Interval from", "p", "That is")
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    count = max((each.compared for each in compared.values()), default=1)
    adjusted = f", adjusted for {count} comparisons (Holm)" if count > 1 else ""
    caption = (
        f"Differences in the {measure}, and the ends of their 95\N{NO-BREAK SPACE}% intervals."
        f" p is how often chance alone gives as much{adjusted}; below {comparison.LEVEL:g}, a"
        " difference is called more than noise."
    )
    if any(each.verdict == "cannot be told" for each in compared.values()):
        caption += " With one seed on each side, whether it is cannot be told."
    return Table(frame.rename_axis("Difference"), caption, source)


def confusions(runs: Run | Sequence[Run], count: int = 5) -> Table:
    """The most frequent mistakes, the worst first.

    confusions(run)   ->  "cat taken for dog": 187 of 1,000, the other way round 142
    """
    seeds = as_seeds(runs)
    rows = {
        f"{each.true} taken for {each.answer}": {
            "Images": round(each.count),
            "Of": each.images,
            "The other way round": round(each.back),
        }
        for each in mistakes.worst(seeds, count)
    }
    columns = ("Images", "Of", "The other way round")
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("Mistake")
    name = words.amid(title(seeds))
    caption = f"The most frequent mistakes of {name} on the test images. {_mean_of(seeds)}"
    return Table(frame, caption.strip(), describe(seeds))


def _of_experiments(rows: dict[str, dict], caption: str, runs: Sequence[Run]) -> Table:
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("Experiment")
    return Table(frame, caption, describe(runs) if runs else "")


def _trained(seeds: Sequence[Run]) -> str | None:
    """`3 × 50`, or `1 × 25 of 50`."""
    done = Counter((run.epochs_done, run.experiment.recipe.epochs) for run in seeds)
    return (
        ", ".join(
            f"{count} × {epochs}" + (f" of {asked}" if epochs < asked else "")
            for (epochs, asked), count in done.items()
        )
        or None
    )


def _kind(run: Run) -> str:
    return "accelerator" if run.provenance.accelerator else "processor"


def _mean(values: Iterable[float]) -> float:
    each = [*values]
    return float(np.mean(each)) if each else np.nan


def _mean_and_half(values: Sequence[float]) -> tuple[float, float]:
    """The mean and half of its 95 % interval, as far as there are values for them."""
    half = float(half_interval(np.array(values))) if len(values) > 1 else np.nan
    return _mean(values), half


def _mean_of(seeds: Sequence[Run]) -> str:
    return f"Mean of {len(seeds)} seeds." if len(seeds) > 1 else ""


def _spread(*groups: Sequence[Run]) -> str:
    """How the numbers of such groups of seeds are to be read."""
    counts = {len(seeds) for seeds in groups if seeds}
    if counts <= {1}:
        return "One seed, and so no interval." if counts else ""
    several = f"{counts.pop()} seeds" if len(counts) == 1 else "the seeds"
    alone = " Where there is one seed, there is no interval." if 1 in counts else ""
    return f"Mean of {several}, ± half of its 95 % interval.{alone}"


def _measures(side: records.Metrics) -> list[float]:
    return [
        side.accuracy,
        side.loss,
        side.binary_accuracy,
        side.categorical_accuracy,
        side.categorical_crossentropy,
    ]


def _with_sum(numbers: Iterable[int]) -> list[int]:
    each = list(numbers)
    return [*each, sum(each)]


def _column(values: pd.Series) -> pd.Series:
    large = any(_is_fraction(value) and abs(value) >= 10 for value in values)
    return values.astype(object).map(partial(_shown, digits=3 if large else None))


def _is_fraction(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, Integral)


def _shown(value: object, digits: int | None) -> str:
    if pd.isna(value):
        return "–"
    if not _is_fraction(value):
        return f"{value:,}" if isinstance(value, Integral) else str(value)
    if 0 < abs(value) < 0.00005:
        return "<0.0001"
    decimals = 4
    if digits:
        before = floor(log10(abs(value))) if value else 0
        decimals = min(4, max(0, digits - 1 - before))
    return f"{value:,.{decimals}f}".replace("-", "−")


def _row(name: str, values: Iterable[str], right: Iterable[bool], scope: str = "row") -> str:
    tag, own = ("th", ' scope="col"') if scope == "col" else ("td", "")
    cells = [f'<th scope="{scope}" style="text-align: left">{escape(name)}</th>']
    for value, number in zip(values, right, strict=True):
        align = "right" if number else "left"
        cells.append(f'<{tag}{own} style="text-align: {align}">{escape(value)}</{tag}>')
    return f"<tr>{''.join(cells)}</tr>"
