"""The way from the write-up's recipe to a found one."""

import re
from itertools import permutations

import numpy as np
import pytest
from samples import accurate
from typer.testing import CliRunner

from cnn_explainer import ablation, cli, comparison, experiments, figures, search_tables
from cnn_explainer.architectures import FOUND, VARIANTS
from cnn_explainer.errors import ExplainerError
from cnn_explainer.experiments import Augmentation, Changes, Experiment, Recipe, get

LIKE_LENET5 = {"model": "lenet5", "dataset": "cifar10", "image_size": 32}
FLIPPED = Augmentation(flip=True, shift=2)
ADAM = Recipe(optimizer="adam", learning_rate=0.002, schedule="cosine")


def found(**parts) -> Experiment:
    return Experiment(**LIKE_LENET5, variant="tuned", **parts)


LAST = found(augmentation=FLIPPED, recipe=ADAM, changes=Changes(activation="elu"))


def test_each_step_takes_over_one_part_more():
    first, one, two, last = ablation.steps(LAST).values()
    assert (first, last) == (get("lenet5-plain"), LAST)
    flipped = {"augmentation": FLIPPED}
    assert one == Experiment(**LIKE_LENET5, variant="with_augmentation", **flipped)
    assert two == Experiment(
        **LIKE_LENET5,
        variant="with_augmentation_layers",
        changes=Changes(activation="elu"),
        **flipped,
    )
    assert ablation.between(ablation.steps(LAST)) == [one, two]


def test_what_each_step_changes():
    assert ablation.changes(ablation.steps(LAST)) == {
        "augmentation": "flip yes, shift 2",
        "layers": "activation elu",
        "recipe": "optimizer adam, learning rate 0.002, schedule cosine",
    }


@pytest.mark.parametrize("order", [*permutations(ablation.PARTS)])
def test_every_order_leads_from_the_one_to_the_other(order):
    way = ablation.steps(LAST, order)
    assert [*way][1:] == [*order]
    assert [*way.values()][-1] == LAST
    for experiment in way.values():
        assert experiment.variant in VARIANTS + FOUND


def test_an_order_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"`order` must be of.*Received: layers, layers"):
        ablation.steps(LAST, ["layers", "layers"])


def test_a_part_in_which_nothing_differs_is_left_out():
    way = ablation.steps(found(augmentation=FLIPPED, changes=Changes(dropout=0.1)))
    assert [*way] == [ablation.FIRST, "augmentation", "layers"]
    assert ablation.between(way) == [way["augmentation"]]


def test_the_seed_is_the_last_one_s():
    assert {each.seed for each in ablation.steps(get(LAST, seed=7)).values()} == {7}


@pytest.mark.parametrize(
    "last", [found(), get(LAST, train_share=0.5), get("lenet5-plain")], ids=lambda each: each.slug
)
def test_what_differs_in_nothing_or_in_the_pictures_is_refused(last):
    with pytest.raises(ValueError, match=f"`last` must differ.*Received: {last.name}"):
        ablation.steps(last)


@pytest.fixture
def way():
    return {
        "plain": accurate("lenet5-plain", 0.5, 0.51, 0.52),
        "augmentation": accurate("lenet5-augmented", 0.6, 0.61, 0.625),
        "dropout": accurate("lenet5-augmented_dropout", 0.61, 0.6, 0.63),
    }


def test_gains_are_paired_with_the_step_before(way):
    gains = ablation.gains(way)
    assert [*gains] == ["augmentation", "dropout"]
    expected = comparison.compare(way["augmentation"], way["plain"])
    assert gains["augmentation"].mean == expected.mean == pytest.approx(0.305 / 3)
    assert gains["augmentation"].p == pytest.approx(2 * expected.p)
    assert [each.verdict for each in gains.values()] == ["more than noise", "within noise"]


def test_the_table(way):
    frame = search_tables.ablation(way).frame
    assert frame["Gain"].tolist()[1:] == [each.mean for each in ablation.gains(way).values()]
    assert frame["Seeds × epochs"].tolist() == ["3 × 50"] * 3
    means = [0.51, 1.835 / 3, 1.84 / 3]
    np.testing.assert_allclose(frame["Accuracy"].astype(float), means)
    ends = frame[["From", "To", "That is"]].to_numpy().tolist()[1:]
    gains = ablation.gains(way).values()
    assert ends == [[gain.low, gain.high, gain.verdict] for gain in gains]


def test_the_figure_says_what_it_shows(way):
    drawn = figures.ablation(way)
    assert drawn.alt == (
        "plain: accuracy 0.510. With augmentation: 0.612, +10.2 points; more than noise."
        " With dropout: 0.613, +0.2 points; within noise."
    )
    assert "bar: the mean's" in drawn.caption
    body = drawn.panels[0].body
    line = r'<path d="M([\d.]+) ([\d.]+)L([\d.]+) \2"[^>]*stroke:#0072b2'
    bars = [float(right) - float(left) for left, _, right in re.findall(line, body)]
    # The first seeds' marks, one hundredth apart, give the scale.
    marks = re.findall(r'<use [^>]*x="([\d.]+)"[^>]*stroke:#0072b2', body)[:2]
    hundredth = float(marks[1]) - float(marks[0])
    accuracies = [[run.test.accuracy for run in seeds] for seeds in way.values()]
    halves = [comparison.half_interval(np.array(each)) for each in accuracies]
    np.testing.assert_allclose(bars, 200 * hundredth * np.array(halves), rtol=0.02)
    way["plain"] = way["plain"][:2]
    assert "fewer than three" in figures.ablation(way).caption


def test_a_step_without_runs_is_refused(way):
    with pytest.raises(ValueError, match="`runs` must be"):
        figures.ablation(way | {"nothing": ()})


def test_the_command_keeps_the_steps_and_trains_what_is_not_recorded(home, monkeypatch):
    experiments.keep(LAST)
    wanted = []
    monkeypatch.setattr(cli, "train", lambda names, seed: wanted.extend([names, seed]))
    told = CliRunner().invoke(cli.app, ["ablate", "lenet5-tuned", "--seed", "7"])
    assert told.exit_code == 0, told.output
    one, two = "lenet5-with_augmentation", "lenet5-with_augmentation_layers"
    assert wanted == [["lenet5-plain", one, two, "lenet5-tuned"], [7]]
    assert get(two).changes.activation == "elu"
    told = CliRunner().invoke(cli.app, ["ablate", "lenet5-plain"])
    assert isinstance(told.exception, ExplainerError) and "must differ" in str(told.exception)


def test_a_step_of_another_way_keeps_its_name(home, monkeypatch):
    monkeypatch.setattr(cli, "train", None)
    other = ablation.steps(found(augmentation=Augmentation(flip=True), recipe=ADAM))
    step = other["augmentation"]
    for kept in (LAST, step):
        experiments.keep(kept)
    told = CliRunner().invoke(cli.app, ["ablate", "lenet5-tuned"])
    assert isinstance(told.exception, ExplainerError)
    assert re.search(r"replace .*lenet5-with_augmentation\.json.*Move", str(told.exception))
    assert get(step.name) == step
    assert len(list(home.glob("experiments/*"))) == 2
