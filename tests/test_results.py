"""All results in one table, and what a record's fields are."""

import json

import pandas as pd
import pytest
import samples

from cnn_explainer import results, runs
from cnn_explainer.experiments import Changes

RUNS = (samples.run("lenet5-plain", seed=7), samples.run("alexnet-plain", epochs_done=30))


def test_a_row_holds_what_the_record_holds():
    run = RUNS[1]
    row = results.row(run)
    assert (row["name"], row["seed"], row["epochs_done"], row["epochs"]) == (
        "alexnet-plain",
        42,
        30,
        50,
    )
    for name in type(run.test).model_fields:
        assert row[name] == getattr(run.test, name)
        assert row[f"train_{name}"] == getattr(run.train, name)
    assert row["expected_calibration_error"] == run.calibration.expected_error
    assert row["processor_seconds"] == pytest.approx(sum(run.history.processor_seconds))
    assert row["busy"] == pytest.approx(row["processor_seconds"] / (row["fit_seconds"] * 2))
    assert row["learning_rate"] == 0.01
    assert set(type(run.provenance).model_fields) <= row.keys()
    assert row["finished"] == "2026-11-24T12:00:00Z"


def test_an_accelerators_run_has_no_busy_cores():
    row = results.row(samples.accelerated(samples.run(), 29))
    assert (row["busy"], row["accelerator"], row["processor"]) == (None, True, "NVIDIA H100")


def test_precision_is_what_was_used_and_not_what_was_asked_for():
    assert RUNS[1].experiment.recipe.precision == "mixed_bfloat16"
    assert results.row(RUNS[1])["precision"] == RUNS[1].provenance.precision == "float32"


def test_a_row_a_run(home):
    table = results.frame(RUNS)
    assert [*table.name] == ["lenet5-plain", "alexnet-plain"]
    assert [*table.columns] == [*results.row(RUNS[0])]
    assert {*table.columns[table.isna().any()]} == {*Changes.model_fields, "weight_decay"}


def test_without_an_argument_all_records(home):
    own = runs.save(samples.run("vgg16-plain", seed=123, epochs_done=3))
    assert own.name in set(results.frame().record)
    assert len(results.frame()) == len(runs.every())


def test_files_hold_the_same_as_the_frame(tmp_path):
    results.save(tmp_path, RUNS)
    table = results.frame(RUNS)
    read = pd.read_csv(tmp_path / "results.csv")
    pd.testing.assert_frame_equal(read, table, check_dtype=False)
    assert json.loads((tmp_path / "results.json").read_text()) == [*map(results.row, RUNS)]
    assert {path.name for path in tmp_path.iterdir()} == {
        "results.csv",
        "results.json",
        *table.record,
    }
    for run, name in zip(RUNS, table.record, strict=True):
        assert runs.read(tmp_path / name) == run


def test_what_is_saved_can_be_imported(home, tmp_path):
    results.save(tmp_path / "results", RUNS)
    runs.import_records(tmp_path / "results")
    assert {path.name for path in runs.folder().iterdir()} == {
        f"{run.experiment.slug}.json" for run in RUNS
    }


def test_every_field_of_a_record_is_explained():
    """The table against the record itself: each of its keys is there, with words."""

    def keys(value, prefix=""):
        for name, inner in value.items():
            yield prefix + name
            # `probes` holds names of pictures and not fields.
            if isinstance(inner, dict) and name != "probes":
                yield from keys(inner, f"{prefix}{name}.")

    table = results.fields().frame
    assert [*table.index] == [*keys(json.loads(RUNS[0].model_dump_json()))]
    assert (table["What it is"].str.len() > 5).all()
    assert not table["What it is"].str.contains("`").any()
    kinds = table["Kind"]
    assert kinds["history.val_accuracy"] == "[share]"
    assert kinds["confusion"] == "[[integer]]"
    assert kinds["probes"] == "{name: [share]}"
    assert kinds["filters.shape"] == "[integer, integer, integer, integer]"
    assert kinds["provenance.precision"] == "float32 or mixed_bfloat16"
    assert kinds["experiment"] == "object"
    assert kinds["mirrored"] == "object or null"
    assert kinds["fit_seconds"] == "number"


def test_a_benchmark_is_no_run(home):
    (runs.folder()).mkdir()
    (runs.folder() / runs.BENCHMARK).write_text("{}")
    before = runs.every()
    path = runs.save(samples.run(seed=11), home / "elsewhere")
    (path.parent / runs.BENCHMARK).write_text("{}")
    assert runs.import_records(path.parent) == [runs.folder() / path.name]
    assert len(runs.every()) == len(before) + 1
