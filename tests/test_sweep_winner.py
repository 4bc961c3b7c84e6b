"""What is the user's own is not lost to another search: a winner's name, nor a record."""

from functools import partial
from pathlib import Path

import pytest
import samples
from building import REPOSITORY
from typer.testing import CliRunner

from cnn_explainer import cli, experiments, machine, runs, sweep, training
from cnn_explainer.errors import ExplainerError, NothingToResume
from cnn_explainer.experiments import Experiment
from cnn_explainer.sweep import engine, record, space_file, states, winner

SPACES = sorted((REPOSITORY / "sweeps").glob("*.yaml"))
# No network's `own` comes with the package.
searched = partial(samples.sweep, trials=6, winner="own")


@pytest.fixture
def kept(home):
    """A search, saved as the user's own with its winner."""
    found = searched()
    sweep.save(found)
    experiments.keep(found.winner)
    return found


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.stem)
def test_the_books_searches_may_be_repeated(home, path):
    winner.check(space_file.read(path))


def test_comparing_methods_leaves_the_networks_alone(home):
    for path in (path for path in SPACES if path.stem.startswith("methods-")):
        assert space_file.read(path).winner is None
    found = samples.sweep(winner=None)
    sweep.save(found)
    assert found.winner is None and sweep.load(found.space.name) == found


def test_the_shipped_searches_have_their_winners_if_they_keep_one(home):
    names = [path.stem for path in SPACES]
    assert set(names) <= set(sweep.every())
    for found in map(sweep.load, sweep.every()):
        assert isinstance(found.winner, Experiment) == (found.space.winner is not None)


def test_what_ships_keeps_its_name(home):
    with pytest.raises(ExplainerError, match=r"lenet5-tuned.*another `winner:`.*none is kept$"):
        winner.check(samples.sweep("mine").space)
    for free in ("own", None):
        winner.check(samples.sweep("mine", winner=free).space)


def test_a_search_may_be_repeated_and_made_larger(kept):
    for again in (kept, searched(cores=2), searched(trials=7)):
        winner.check(again.space)
    winner.check(searched(settings=samples.SETTINGS | {"epochs": 36}).space)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "other"},
        {"trials": 5},
        {"settings": samples.SETTINGS | {"epochs": 9}},
        {"settings": samples.SETTINGS | {"optimizer": "adam"}},
        {"held_out": 0.2},
    ],
)
def test_another_search_or_a_smaller_one_may_not(kept, home, changed):
    with pytest.raises(ExplainerError, match=r"lenet5-own.*Or move .*lenet5-own\.json away"):
        winner.check(searched(**changed).space)


def test_nor_after_the_experiment_was_changed(kept):
    experiments.keep(kept.winner.model_copy(update={"seed": 99}))
    with pytest.raises(ExplainerError, match="lenet5-own"):
        winner.check(kept.space)


def test_both_records_of_a_search_count(home):
    """An own record, made without the command line, hides the shipped one."""
    shipped = sweep.load("lenet5")
    others = tuple(trial for trial in shipped.trials if trial is not shipped.best)
    own = shipped.model_copy(update={"trials": others})
    sweep.save(own)
    assert own.winner != shipped.winner
    winner.check(shipped.space)


@pytest.mark.parametrize("name", ["own", None])
@pytest.mark.parametrize(
    "changed",
    [
        {"trials": 5},
        {"settings": samples.SETTINGS | {"epochs": 9}},
        {"settings": samples.SETTINGS | {"optimizer": "adam"}},
        {"held_out": 0.2},
    ],
)
def test_nor_may_it_replace_the_record(home, monkeypatch, changed, name):
    sweep.save(searched(winner=name))
    # Nothing is begun.
    monkeypatch.setattr(engine, "_imported", None)
    with pytest.raises(ExplainerError, match=r"replace .*made-up\.json.*another `name:`, or move"):
        engine.run(searched(winner=name, **changed).space)


def test_a_record_may_be_replaced_by_its_search_or_a_larger_one(kept):
    for again in (kept, searched(cores=2), searched(trials=7), searched(winner=None)):
        record.check(again.space)
    record.check(searched("other", trials=5).space)
    # A shipped one stays where it is.
    record.check(sweep.load("lenet5").space.limited(trials=3))


@pytest.fixture
def called(home, tmp_path, monkeypatch):
    """Calls `cnn-explainer sweep` with a space; a search in no time. Also what was begun."""
    begun = []

    def run(space, **options):
        begun.append(space)
        return searched(**space.model_dump(include={"winner"}))

    def call(space, *options):
        path = tmp_path / "space.json"
        path.write_text(space.model_dump_json(exclude_unset=True))
        return CliRunner().invoke(cli.app, ["sweep", str(path), *(options or ["--no-final"])])

    monkeypatch.setattr(engine, "run", run)
    return call, begun


def test_a_taken_name_is_refused_before_anything_is_trained(called):
    call, begun = called
    assert "lenet5-tuned" in str(call(samples.sweep("mine").space).exception)
    assert not begun


@pytest.mark.parametrize(("name", "there"), [("own", {"lenet5-own.json"}), (None, set())])
def test_a_winner_is_kept_if_it_has_a_name(called, home, name, there):
    assert called[0](samples.sweep("mine", winner=name).space).exit_code == 0
    assert {path.name for path in Path(home, "experiments").glob("*")} == there


def test_stopped_in_the_winners_training_it_says_how_to_go_on(called, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(machine, "limit_threads", lambda count: None)
    monkeypatch.setattr(training, "train", stop)
    told = called[0](searched().space, "--final")
    assert told.exit_code == 1
    assert "`cnn-explainer train lenet5-own` goes on" in told.output


def test_resume_goes_on_with_the_winners_training(called, kept, monkeypatch):
    call, trained = called[0], []

    def nothing(*_, **__):
        raise NothingToResume

    def note(experiment, **_):
        trained.append(experiment)
        return samples.run(experiment, seed=experiment.seed)

    monkeypatch.setattr(engine, "run", nothing)
    monkeypatch.setattr(machine, "limit_threads", lambda count: None)
    monkeypatch.setattr(training, "train", note)
    assert call(kept.space, "--resume").exit_code == 0
    assert trained == [kept.winner]
    # Where there is nothing left to do, or nothing was done of this search.
    assert isinstance(call(kept.space, "--resume", "--no-final").exception, NothingToResume)
    assert isinstance(call(searched(trials=7).space, "--resume").exception, NothingToResume)
    runs.save(note(kept.winner))
    assert isinstance(call(kept.space, "--resume").exception, NothingToResume)


def test_a_search_that_goes_on_may_call_its_winner_otherwise(tmp_path, monkeypatch):
    tune = pytest.importorskip("ray.tune")
    begun = iter([False, False, True, True])
    monkeypatch.setattr(tune.Tuner, "can_restore", lambda place: next(begun))
    with pytest.raises(NothingToResume):
        states.place_of(searched().space, tmp_path, True)
    place = states.place_of(searched().space, tmp_path, False)
    assert states.place_of(searched(winner="tuned").space, tmp_path, True) == place
    with pytest.raises(ExplainerError, match="another space"):
        states.place_of(searched(trials=7).space, tmp_path, True)
