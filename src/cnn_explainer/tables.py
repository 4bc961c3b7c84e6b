"""Tables of runs, networks and experiments, for a page, a notebook and a screen reader."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from numbers import Integral, Real

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from . import runs as records
from . import words
from .architectures import architecture, parameters, shapes
from .datasets import SOURCES
from .errors import RecordNotFound
from .experiments import CATALOGUE, Experiment
from .provenance import as_seeds, describe
from .runs import Run


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
        """The frame as text: four decimals, thousands apart, a dash where there is nothing."""
        return self.frame.map(_shown)

    def __repr__(self) -> str:
        """Caption and rows as plain text."""
        return f"{self.caption}\n{self.shown.to_string()}"

    def _repr_html_(self) -> str:
        right = [pd.api.types.is_numeric_dtype(kind) for kind in self.frame.dtypes]
        head = _row(self.frame.index.name, self.frame.columns, right, scope="col")
        body = "".join(_row(name, row, right) for name, *row in self.shown.itertuples())
        source = f"<br><small>{escape(self.source)}</small>" if self.source else ""
        # A wide table scrolls by itself on a phone; the keyboard must be able to reach it then,
        # and its caption stays in view.
        stay = "display: inline-block; position: sticky; left: 0; max-width: calc(100vw - 3rem)"
        return (
            f'<div class="cnn-table" role="region" tabindex="0" aria-label="{escape(self.caption)}"'
            ' style="overflow-x: auto"><table><caption style="text-align: left">'
            f'<span style="{stay}">{escape(self.caption)}{source}</span></caption>'
            f"<thead>{head}</thead><tbody>{body}</tbody></table></div>"
        )


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
        "Test": np.array([[*_measures(run.test), run.calibration.expected_error] for run in seeds]),
    }
    columns = {}
    for side, numbers in values.items():
        columns[side] = numbers.mean(0)
        if len(seeds) > 1:
            columns[f"{side} ±"] = half_interval(numbers)
    frame = pd.DataFrame(columns, index=pd.Index(MEASURES, name="Measure"))
    name = words.experiment(seeds[0].experiment)
    caption = f"How well {name} does on the images it was trained on, and on the test images."
    if len(seeds) > 1:
        caption += f" Mean of {len(seeds)} seeds, ± half of its 95 % interval."
    return Table(frame, caption, describe(seeds))


MEASURES = (
    "Accuracy",
    "Loss (nats)",
    "Binary accuracy",
    "Categorical accuracy",
    "Categorical cross-entropy (nats)",
    "Expected calibration error",
)


def half_interval(values: np.ndarray) -> np.ndarray:
    """Half the width of the 95 % interval of the mean: `(n, ...)` -> `(...)`, with n ≥ 2."""
    count = len(values)
    return stdtrit(count - 1, 0.975) * values.std(0, ddof=1) / count**0.5


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
    """How an experiment's network is trained, setting by setting."""
    chosen = experiment.recipe
    settings = {
        "Network": architecture(experiment.model).title,
        "Variant": words.variant(experiment.variant),
        "Dataset": SOURCES[experiment.dataset].title,
        "Image size": f"{words.shape((experiment.image_size,) * 2)} pixels",
        "Loss": "categorical cross-entropy",
        "Optimizer": words.optimizer(chosen),
        "Learning rate": f"{chosen.learning_rate:g}",
        "Batch size": f"{chosen.batch_size} images",
        "Epochs": str(chosen.epochs),
        "Precision": words.precision(chosen.precision),
        "Seed": str(experiment.seed),
    }
    frame = pd.DataFrame({"Value": settings})
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
            "Recorded": "yes" if _recorded(experiment) else "no",
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
    caption = f"Precision and recall of {words.experiment(run.experiment)}, class by class."
    return Table(frame, caption, describe(run))


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


def _recorded(experiment: Experiment) -> bool:
    try:
        records.load(experiment)
    except RecordNotFound:
        return False
    return True


def _shown(value: object) -> str:
    if pd.isna(value):
        return "–"
    if isinstance(value, Integral):
        return f"{value:,}"
    return f"{value:.4f}" if isinstance(value, Real) else str(value)


def _row(name: str, values: Iterable[str], right: Iterable[bool], scope: str = "row") -> str:
    tag, own = ("th", ' scope="col"') if scope == "col" else ("td", "")
    cells = [f'<th scope="{scope}" style="text-align: left">{escape(name)}</th>']
    for value, number in zip(values, right, strict=True):
        align = "right" if number else "left"
        cells.append(f'<{tag}{own} style="text-align: {align}">{escape(value)}</{tag}>')
    return f"<tr>{''.join(cells)}</tr>"
