"""Speed runs: what is timed is a training from fresh weights, and what is said is computed."""

import json
import re

import numpy as np
import pytest
import samples
from typer.testing import CliRunner

from cnn_explainer import cli, experiments, machine, published, speedrun, training, versions
from cnn_explainer.errors import DamagedRecord, ExplainerError, RecordNotFound
from cnn_explainer.experiments import Experiment, Recipe

FAST = Experiment(
    model="lenet5",
    variant="fast",
    dataset="cifar10",
    image_size=32,
    recipe=Recipe(epochs=2, batch_size=64, schedule="one_cycle", learning_rate=0.05),
)


def test_the_target_is_the_write_ups_best():
    assert speedrun.target("lenet5") == published.RESULTS["lenet5-augmented"].accuracy == 0.5947
    assert speedrun.target("alexnet") == 0.7584


def test_laps_are_trainings_at_their_seeds(tiny, home):
    experiments.keep(FAST)
    said = []
    result = speedrun.run("lenet5", seeds=[3, 4], tell=said.append)
    assert [lap.seed for lap in result.laps] == [3, 4] and len(said) == 2
    assert speedrun.load("lenet5") == result
    # What computed, and on which pictures.
    assert dict([versions.backend()]).items() <= result.versions.items()
    pictures = training.pictures(FAST)
    assert result.dataset_fingerprint == pictures.fingerprint
    assert result.dataset_origin == pictures.origin
    # The same as without a warm-up and a watch.
    for lap in result.laps:
        trained = training.train(experiments.get(FAST, seed=lap.seed))
        assert trained.test.accuracy == pytest.approx(lap.accuracy, abs=0.02)
    assert result.accuracy == pytest.approx(np.mean([lap.accuracy for lap in result.laps]))
    assert result.reached == (result.accuracy >= 0.5947)


def test_a_warm_up_leaves_the_model_as_it_was(tiny):
    train = training.tensors(training.pictures(FAST).train)
    model = training.compiled(FAST, "float32", len(train))
    before = [np.asarray(v) for v in (*model.variables, *model.optimizer.variables)]
    training.warm_up(FAST, model, train)
    after = [np.asarray(v) for v in (*model.variables, *model.optimizer.variables)]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_mean_has_to_reach_the_target():
    laps = ({"seed": 1, "seconds": 5, "accuracy": 0.7}, {"seed": 2, "seconds": 7, "accuracy": 0.4})
    made = speedrun.SpeedRun.model_validate(
        {
            "experiment": FAST,
            "laps": laps,
            "processor": "Some CPU",
            "cores": 2,
            "precision": "float32",
            "versions": {},
            "finished": "2026-11-24T12:00:00Z",
        }
    )
    assert (made.accuracy, made.seconds, made.reached) == (pytest.approx(0.55), 6, False)
    # The first records do not know their pictures.
    assert made.dataset_fingerprint is made.dataset_origin is None


@pytest.mark.parametrize(
    ("seeds", "rule"),
    [((1, 2, 1), "`seeds` must be .*different.*1, 2, 1"), ((1, -1), "seed.*-1"), ((), "`seeds`")],
)
def test_seeds_are_checked_before_the_first_lap(home, monkeypatch, seeds, rule):
    monkeypatch.setattr(training, "pictures", None)
    with pytest.raises(ValueError, match=re.compile(rule, re.DOTALL)):
        speedrun.run("lenet5", seeds=seeds)
    if seeds:
        chosen = [f"--seed={seed}" for seed in seeds]
        result = CliRunner().invoke(cli.app, ["speedrun", "lenet5", *chosen])
        said = " ".join(result.output.replace("│", "").split())
        assert result.exit_code == 2 and re.search(rule, said)


def test_laps_of_ones_own_are_not_lost_to_fewer(home, monkeypatch):
    class Begun(Exception):
        pass

    def begin(*_):
        raise Begun

    monkeypatch.setattr(training, "pictures", begin)
    monkeypatch.setattr(machine, "limit_threads", lambda count: None)
    # In the place of a shipped record there may be one of a single lap.
    with pytest.raises(Begun):
        speedrun.run("lenet5", seeds=[1])
    speedrun.save(samples.speedrun(seeds=(1, 2, 3)))
    with pytest.raises(ExplainerError, match=r"lenet5\.json.*Received: \[1, 4\], without 2, 3\. "):
        speedrun.run("lenet5", seeds=[1, 4])
    with pytest.raises(Begun):
        speedrun.run("lenet5", seeds=[4, 3, 2, 1])


def test_the_shipped_ones_are_read(home):
    assert all(speedrun.load(name).versions for name in speedrun.every())


def test_without_an_experiment_or_a_record(home):
    result = CliRunner().invoke(cli.app, ["speedrun", "vgg16"])
    assert result.exit_code == 2 and "vgg16-fast" in result.output
    with pytest.raises(RecordNotFound, match="cnn-explainer speedrun vgg16"):
        speedrun.load("vgg16")
    path = home / "speedruns" / "vgg16.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"laps": []}))
    with pytest.raises(DamagedRecord, match=r"vgg16.json"):
        speedrun.load("vgg16")
