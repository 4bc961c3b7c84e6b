"""All results in one table, a row a run, for a spreadsheet or another program."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from . import runs
from .files import write_atomically
from .runs import Run

if TYPE_CHECKING:
    import pandas as pd

    from .tables import Table


def row(run: Run) -> dict[str, str | int | float | bool]:
    """What one run gave, and how, by column.

        row(run)["accuracy"]         ->  on the test images, like all measures without a prefix
        row(run)["train_accuracy"]   ->  on the training images
        row(run)["fit_seconds"]      ->  seconds

    The columns have the names of a record's fields, which `fields` explains; `busy` and
    `expected_calibration_error` are computed from them.
    """
    experiment = run.experiment
    recipe = experiment.recipe.model_dump(exclude={"precision"})
    asked = experiment.model_dump(exclude={"recipe", "seed", "augmentation", "changes"})
    return {
        "name": experiment.name,
        "seed": experiment.seed,
        "epochs_done": run.epochs_done,
        "epochs": recipe.pop("epochs"),
        **run.test.model_dump(),
        "mirrored_accuracy": run.mirrored and run.mirrored.accuracy,
        "expected_calibration_error": run.calibration.expected_error,
        **{f"train_{name}": value for name, value in run.train},
        "fit_seconds": run.fit_seconds,
        "processor_seconds": sum(run.history.processor_seconds),
        "busy": run.busy,
        "images_per_second": run.images_per_second,
        **asked,
        **experiment.strengths.model_dump(),
        **experiment.changes.model_dump(),
        **recipe,
        **run.provenance.model_dump(mode="json"),
        "record": f"{experiment.slug}.json",
    }


def frame(chosen: Iterable[Run] | None = None) -> "pd.DataFrame":
    """Runs as a data frame, a row each; without an argument all records.

    frame()[["name", "seed", "accuracy"]]             ->  three columns
    frame(runs.of("lenet5-plain")).accuracy.mean()    ->  over the seeds
    """
    import pandas as pd

    rows = pd.DataFrame([row(run) for run in _or_all(chosen)])
    # What was left as the network has it: empty in a spreadsheet.
    return rows.where(rows.notna(), float("nan"))


def save(place: Path | str, chosen: Iterable[Run] | None = None) -> None:
    """Write `results.csv`, `results.json` and each run's record into a folder.

    Raises `NotSaved` if it cannot be written.
    """
    place, chosen = Path(place), _or_all(chosen)
    rows = json.dumps([row(run) for run in chosen], indent=1) + "\n"
    write_atomically(place / runs.TABLE, rows.encode())
    write_atomically(place / "results.csv", frame(chosen).to_csv(index=False).encode())
    for run in chosen:
        runs.save(run, place)


def fields() -> "Table":
    """Every field of a record: its place, its kind and what it holds, as `Run` defines them."""
    import pandas as pd

    from .tables import Table

    schema = Run.model_json_schema()
    found = pd.DataFrame(_fields(schema, schema["$defs"]), columns=["Field", "Kind", "What it is"])
    return Table(found.set_index("Field"), "The fields of a record.")


def _or_all(chosen: Iterable[Run] | None) -> tuple[Run, ...]:
    return runs.every() if chosen is None else tuple(chosen)


def _fields(schema: dict, parts: dict, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    for name, field in schema["properties"].items():
        one = field.get("anyOf", [field])[0]
        part = parts.get(one.get("$ref", "").rpartition("/")[2])
        what = (field.get("description") or part["description"]).replace("`", "")
        yield prefix + name, _kind(field), " ".join(what.split())
        if part:
            yield from _fields(part, parts, f"{prefix}{name}.")


def _kind(field: dict) -> str:
    """A kind as JSON is written: `[number]` is a list of numbers."""
    match field:
        case {"anyOf": [one, {"type": "null"}]}:
            return f"{_kind(one)} or null"
        case {"$ref": _}:
            return "object"
        case {"const": value}:
            return str(value)
        case {"enum": values}:
            return " or ".join(values)
        case {"prefixItems": items}:
            return f"[{', '.join(map(_kind, items))}]"
        case {"items": items}:
            return f"[{_kind(items)}]"
        case {"additionalProperties": values}:
            return f"{{name: {_kind(values)}}}"
        case {"format": "date-time"}:
            return "date and time"
        case {"type": "number", "minimum": 0, "maximum": 1}:
            return "share"
        case _:
            return field["type"]
