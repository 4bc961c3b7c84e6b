"""Records: what is saved is what is read, and what is damaged is named."""

import json

import numpy as np
import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_explainer import files, runs, sweep
from cnn_explainer.errors import DamagedRecord, ExplainerError, NotSaved, RecordNotFound
from cnn_explainer.experiments import CATALOGUE, get

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def record(home):
    """A valid record's path and its JSON, to be damaged."""
    path = runs.save(samples.run())
    return path, json.loads(path.read_text())


@settings(deadline=None)  # a slow disk is no fault
@given(name=st.sampled_from(list(CATALOGUE)), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_what_is_saved_is_what_is_read(tmp_path_factory, name, seed, data):
    done = data.draw(st.integers(1, 50))
    run = samples.run(name, seed=seed, epochs_done=done)
    again = runs.read(runs.save(run, tmp_path_factory.mktemp("records")))
    assert again == run
    assert (again.epochs_done, again.complete) == (done, done == 50)
    np.testing.assert_array_equal(again.filters.kernels, run.filters.kernels)


def test_own_record_comes_before_the_shipped_one(tmp_path, monkeypatch):
    shipped, own = tmp_path / "shipped", samples.run(epochs_done=20)
    monkeypatch.setattr(runs, "SHIPPED", shipped)
    runs.save(samples.run(), shipped)
    assert runs.load("lenet5-plain").complete
    runs.save(own)
    assert runs.load("lenet5-plain") == own
    assert runs.every() == (own,)


def test_every_is_in_the_catalogues_order(monkeypatch, tmp_path):
    monkeypatch.setattr(runs, "SHIPPED", tmp_path / "none")
    for name, seed in [("vgg16-plain", 1), ("base-plain", 2), ("base-plain", 1)]:
        runs.save(samples.run(name, seed=seed))
    runs.save(samples.run("base-plain", epochs=3))
    found = [(run.experiment.name, run.experiment.seed) for run in runs.catalogued()]
    assert found == [("base-plain", 1), ("base-plain", 2), ("vgg16-plain", 1)]
    assert len(runs.every()) == 4


def test_of_gives_the_seeds_of_one_experiment(monkeypatch, tmp_path):
    monkeypatch.setattr(runs, "SHIPPED", tmp_path / "shipped")
    assert runs.of("lenet5-augmented") == ()
    for seed in (9, 1, 10):
        runs.save(samples.run("lenet5-augmented", seed=seed), tmp_path / "shipped")
    own = samples.run("lenet5-augmented", seed=9, epochs_done=4)
    other = samples.run("lenet5-augmented", seed=2, learning_rate=0.1)
    for run in (own, other, samples.run("lenet5-augmented_dropout")):
        runs.save(run)
    found = runs.of("lenet5-augmented")
    assert [run.experiment.seed for run in found] == [1, 9, 10]
    assert found[1] == own
    assert runs.of("lenet5-augmented", learning_rate=0.1) == (other,)
    assert runs.of(get("lenet5-augmented", seed=10)) == found


def test_of_opens_the_records_of_that_name_alone(home):
    runs.save(samples.run())
    (runs.folder() / "base-plain-0123456789ab.json").write_text("{}")
    assert runs.of("lenet5-plain")
    with pytest.raises(DamagedRecord, match="base-plain-0123456789ab"):
        runs.of("base-plain")
    with pytest.raises(ValueError, match="`name` must be one of"):
        runs.of("lenet6-plain")


def test_no_record():
    command = "`cnn-explainer train lenet5-plain --seed 4000000000 --epochs 3` makes one"
    with pytest.raises(RecordNotFound, match=f"lenet5-plain, seed 4000000000.*{command}"):
        runs.load("lenet5-plain", seed=4_000_000_000, epochs=3)


def test_an_own_record_is_not_the_shipped_one(monkeypatch, tmp_path):
    monkeypatch.setattr(runs, "SHIPPED", tmp_path / "shipped")
    runs.save(samples.run(), runs.SHIPPED)
    assert runs.recorded(get("lenet5-plain"))
    with pytest.raises(RecordNotFound, match=r"no record .*/records\. `cnn-explainer .* --again`"):
        runs.own(get("lenet5-plain"))
    runs.save(samples.run(epochs_done=20))
    assert runs.own(get("lenet5-plain")) == samples.run(epochs_done=20)


def test_shipped_records_are_what_their_names_say():
    for path in runs.SHIPPED.glob("*-*.json"):
        assert path.stem == runs.read(path).experiment.slug


def _set(path: str, value):
    def damage(record):
        *parents, last = path.split(".")
        for key in parents:
            record = record[int(key) if isinstance(record, list) else key]
        record[int(last) if isinstance(record, list) else last] = value

    return damage


def _delete(key: str):
    return lambda record: record.pop(key)


DAMAGES = {
    "no schema version": (_delete("schema_version"), "schema_version"),
    "a newer schema": (_set("schema_version", 2), "version 2.*Update the package"),
    "a field too many": (_set("colour", "red"), "colour"),
    "no history": (_delete("history"), "history"),
    "no provenance": (_delete("provenance"), "provenance"),
    "accuracy over one": (_set("test.accuracy", 1.5), "test.accuracy"),
    "accuracy in words": (_set("train.accuracy", "good"), "train.accuracy"),
    "a negative loss": (_set("test.loss", -1), "test.loss"),
    "a loss that is null": (_set("test.loss", None), "test.loss"),
    "an unknown model": (_set("experiment.model", "resnet"), "`name` must be one of"),
    "an unknown variant": (_set("experiment.variant", "big"), "`variant` must be one of"),
    "an epoch missing": (lambda r: r["history"]["loss"].pop(), "history"),
    "more epochs than asked": (_set("experiment.recipe.epochs", 10), "history"),
    "a class missing": (lambda r: r["classes"].pop(), "confusion must be 9 by 9"),
    "a row of the matrix missing": (lambda r: r["confusion"].pop(), "confusion"),
    "a negative count": (_set("confusion.0.0", -1), "confusion"),
    "calibration of other pictures": (_set("calibration.count.3", 10_000), "same images"),
    "a bin missing": (lambda r: r["calibration"]["count"].pop(), "calibration.count"),
    "probabilities that sum to two": (
        lambda r: r["probes"].update(rose=[0.2] * 10),
        "probes.rose must be 10 probabilities",
    ),
    "filters cut short": (_set("filters.data", "AAAA"), "filters"),
    "filters that are no base64": (_set("filters.data", "%"), "filters"),
    "a fingerprint of another kind": (
        _set("provenance.dataset_fingerprint", "xyz"),
        "dataset_fingerprint",
    ),
    "no seconds": (_set("fit_seconds", 0), "fit_seconds"),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_records_are_named(record, damage, message):
    path, data = record
    damage(data)
    path.write_text(json.dumps(data))
    with pytest.raises(DamagedRecord, match=message) as raised:
        runs.load("lenet5-plain")
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[1, 2]", "schema_version"),
        (b'{"accuracy": NaN', "not JSON"),
        (b"null", "schema_version"),
    ],
)
def test_foreign_files_are_named(home, content, message):
    path = home / "foreign.json"
    path.write_bytes(content)
    with pytest.raises(DamagedRecord, match=message) as raised:
        runs.read(path)
    assert str(path) in str(raised.value)


def test_a_record_cut_anywhere_is_refused(record):
    path, _ = record
    whole = path.read_bytes()
    for length in np.linspace(0, len(whole) - 2, 25, dtype=int):
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedRecord):
            runs.read(path)


def test_infinite_numbers_are_refused(record):
    path, data = record
    data["test"]["loss"] = float("inf")
    path.write_text(json.dumps(data))
    with pytest.raises(DamagedRecord, match=r"test\.loss"):
        runs.read(path)


def test_import_takes_all_or_nothing(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    for seed in (1, 2):
        runs.save(samples.run(seed=seed), elsewhere)
    assert len(runs.import_records(elsewhere)) == 2
    assert runs.load("lenet5-plain", seed=2) == samples.run(seed=2)

    for path in runs.folder().iterdir():
        path.unlink()
    (elsewhere / "z.json").write_text("{}")
    with pytest.raises(DamagedRecord, match=r"z\.json"):
        runs.import_records(elsewhere)
    assert list(runs.folder().iterdir()) == []


def test_import_replaces_no_longer_training(tmp_path):
    whole, part = samples.run(), samples.run(epochs_done=3)
    own, other = runs.save(whole), runs.save(samples.run(seed=2), tmp_path)
    path = runs.save(part, tmp_path)
    with pytest.raises(ExplainerError, match=r"has 3 of 50 epochs, .*has 50\.") as raised:
        runs.import_records(tmp_path)
    assert str(path) in str(raised.value) and str(own) in str(raised.value)
    assert [*runs.folder().iterdir()] == [own] and runs.read(own) == whole

    own.unlink()
    assert runs.import_records(path) == [own]
    assert {*runs.import_records(runs.save(whole, other.parent))} == {own}
    assert runs.read(own) == whole


@pytest.mark.parametrize("content", ['{"schema_version": 2}', "{}"])
def test_import_replaces_no_record_that_it_cannot_read(tmp_path, content):
    own = runs.save(samples.run())
    own.write_text(content)
    with pytest.raises(DamagedRecord) as raised:
        runs.import_records(runs.save(samples.run(), tmp_path))
    assert str(own) in str(raised.value) and own.read_text() == content


def test_import_of_nothing(tmp_path):
    with pytest.raises(RecordNotFound, match="no record"):
        runs.import_records(tmp_path)
    with pytest.raises(DamagedRecord, match="No such file"):
        runs.import_records(tmp_path / "absent.json")


def test_import_renames_to_the_experiments_own_name(tmp_path):
    path = runs.save(samples.run(), tmp_path / "elsewhere")
    odd = path.rename(path.with_name("downloaded (1).json"))
    (taken,) = runs.import_records(odd)
    assert taken.stem == get("lenet5-plain").slug


def test_a_full_disk_keeps_the_record_before(record, monkeypatch):
    path, _ = record
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(NotSaved, match="No space left on device"):
        runs.save(samples.run(epochs_done=10))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_made(home, monkeypatch):
    (home / "file").write_text("")
    monkeypatch.setenv("CNN_EXPLAINER_HOME", str(home / "file"))
    with pytest.raises(NotSaved, match="could not be written"):
        runs.save(samples.run())
    with pytest.raises(NotSaved, match="could not be written"):
        runs.import_records(runs.save(samples.run(), home / "elsewhere"))


def test_a_home_that_is_a_file_holds_nothing(home, monkeypatch):
    (home / "file").write_text("")
    monkeypatch.setenv("CNN_EXPLAINER_HOME", str(home / "file"))
    assert runs.load("lenet5-plain") in runs.every()
    with pytest.raises(RecordNotFound):
        runs.own(get("lenet5-plain"))
    with pytest.raises(RecordNotFound):
        sweep.load("made-up")


def test_a_file_that_cannot_be_opened_is_named(home):
    path = runs.folder() / f"{get('lenet5-plain').slug}.json"
    path.mkdir(parents=True)
    for read in (runs.load, runs.of):
        with pytest.raises(DamagedRecord, match=f"{path} .*: Is a directory"):
            read("lenet5-plain")


def test_a_folder_that_cannot_be_listed_is_named(home):
    # A link to itself: what is in it, not even an administrator can read.
    runs.folder().symlink_to(runs.folder())
    for read in (runs.load, runs.of):
        with pytest.raises(DamagedRecord, match=f"{runs.folder()}.*: Too many levels of symbolic"):
            read("lenet5-plain")


@pytest.mark.parametrize(
    ("said", "meant"), [("~/mine", "{home}/mine"), ("mine", "{home}/here/mine"), ("/a", "/a")]
)
def test_the_users_folder_is_what_a_shell_would_take_it_for(home, monkeypatch, said, meant):
    (home / "here").mkdir()
    monkeypatch.chdir(home / "here")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("CNN_EXPLAINER_HOME", said)
    assert str(files.user_folder()) == meant.format(home=home)


@pytest.mark.parametrize(
    ("size", "between", "expected"),
    [
        (10**6, True, (0, 1, 2, 3, 4, 5, 6, 7)),
        (5 * 900, True, (0, 2, 4, 6, 7)),
        (5 * 900 - 1, True, (0, 3, 6, 7)),
        (2 * 900, True, (0, 7)),
        (10**6, False, (0, 7)),
        (2 * 900 - 1, False, (7,)),
        (900 - 1, True, ()),
    ],
)
def test_thinned_kernels_fit_and_are_the_same(size, between, expected):
    kernels = np.random.default_rng(0).normal(size=(8, 5, 5, 3, 6)).astype(np.float16)
    whole = runs.Filters.pack(dict(enumerate(kernels)))
    thin = whole.thinned(size, between=between)
    assert thin.epochs == expected
    np.testing.assert_array_equal(thin.kernels, kernels[list(expected)])
    none = whole.thinned(0, between=between)
    assert none.thinned(size, between=between) == none
