"""Search spaces: what a file may say, and which line is wrong where it may not."""

import json
import os
import subprocess
import sys

import pytest

from cnn_explainer.experiments import Augmentation, Changes, Recipe
from cnn_explainer.sweep.space import PLACES, InvalidSpace, Range, Space
from cnn_explainer.sweep.space_file import read

GOOD = """\
name: small
model: lenet5
trials: 8
settings:
  epochs: 4
  optimizer: [sgd, adam]
  learning_rate: {log_uniform: [0.001, 0.1]}
  shift: {uniform: [0, 2]}
  dropout: 0.25
"""


@pytest.fixture
def file(tmp_path):
    """Writes a space file: `file(text)`."""

    def write(text):
        path = tmp_path / "space.yaml"
        path.write_text(text)
        return path

    return write


def test_a_file_is_read(file):
    space = read(file(GOOD))
    assert space.chosen == {
        "epochs": 4,
        "optimizer": ("sgd", "adam"),
        "learning_rate": Range(log_uniform=(0.001, 0.1)),
        "shift": Range(uniform=(0, 2)),
        "dropout": 0.25,
    }
    assert space.longest == 4
    same = read(file(json.dumps(space.model_dump(exclude_unset=True))))
    assert same == space


def test_every_setting_of_an_experiment_can_be_searched():
    fields = [*Recipe.model_fields, *Changes.model_fields, *Augmentation.model_fields]
    assert set(fields) - {"precision"} == set(PLACES)


def test_values_become_an_experiment(file):
    values = {"epochs": 4, "optimizer": "adam", "learning_rate": 0.02, "shift": 1, "dropout": 0.25}
    experiment = read(file(GOOD)).experiment(values)
    recipe = experiment.recipe
    assert (recipe.epochs, recipe.optimizer, recipe.learning_rate) == (4, "adam", 0.02)
    assert experiment.augmentation == Augmentation(shift=1)
    assert experiment.changes == Changes(dropout=0.25)
    # A trial is never judged on the test images.
    assert (experiment.name, experiment.held_out) == ("lenet5-tuned", 0.1)


def test_no_space_is_judged_on_the_test_images(file):
    with pytest.raises(InvalidSpace, match="held_out: Input should be greater than 0"):
        read(file("held_out: 0\n" + GOOD))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("trials: 8", "trails: 8", r"line 3: trails: Extra inputs are not permitted"),
        ("dropout: 0.25", "colour: red", r"line 9: settings: colour: Extra inputs"),
        ("0.001, 0.1", "-0.001, 0.1", r"line 7: .*learning_rate.*greater than 0. Received: -0.001"),
        ("0.001, 0.1", "0.1, 0.1", r"line 7: .*must not be empty: 0.1 is not below 0.1"),
        ("[0, 2]", "[2, 0]", r"line 8: .*must not be empty: 2 is not below 0"),
        ("[0, 2]", "[0, 2.5]", r"line 8: .*valid integer.*Received: 2.5"),
        ("0.001, 0.1", "0.001", r"line 7: .*log_uniform: Field required. Received: \[0.001\]"),
        ("0.25", "{uniform: [null, 0.5]}", r"line 9: .*of numbers. Received: \[None, 0.5\]"),
        ("[sgd, adam]", "{log_uniform: [adam, sgd]}", r"line 6: .*of numbers. Received: \['adam'"),
        ("[sgd, adam]", "{uniform: [adam, sgd]}", r"line 6: .*of numbers. Received: \['adam'"),
        ("dropout: 0.25", "flip: {uniform: [false, true]}", r"line 9: .*of numbers. Received: "),
        ("uniform: [0, 2]", "between: [0, 2]", r"line 8: .*between: Extra inputs"),
        ("{uniform: [0, 2]}", "{}", r"line 8: .*either `uniform` or `log_uniform`"),
        ("[sgd, adam]", "[sgd, adma]", r"line 6: .*Input should be 'sgd'.*Received: 'adma'"),
        ("[sgd, adam]", "[]", r"line 6: .*at least 1 item"),
        ("0.25", "1.5", r"line 9: .*less than 1. Received: 1.5"),
        ("model: lenet5", "model: resnet", r"line 2: model: .*Received: 'resnet'"),
        ("trials: 8", "search: grid", r"a grid needs lists, and `learning_rate` is a range"),
        ("epochs: 4", "epochs: 1", r"`early_stopping.grace` must be at most the epochs, 1"),
        ("model: lenet5\n", "", r"line 1: model: Field required"),
        ("trials: 8", "image_size: 8", r"`image_size` must be .*for lenet5. Received: 8"),
        ("lenet5", "vgg16\nimage_size: 16", r"`image_size` must be .*for vgg16. Received: 16"),
        ("name: small", "name: [", r"space.yaml is no YAML: .*line"),
        ("name: small", "name: 2020-13-45", r"space.yaml is no YAML: month must be in 1..12"),
    ],
)
def test_faults_are_named(file, old, new, said):
    assert old in GOOD
    with pytest.raises(InvalidSpace, match=said):
        read(file(GOOD.replace(old, new)))


def test_all_faults_are_named_at_once(file):
    with pytest.raises(InvalidSpace) as caught:
        read(file(GOOD.replace("0.25", "2").replace("trials: 8", "trials: 0")))
    lines = str(caught.value).splitlines()
    assert [line.partition("space.yaml, ")[2][:6] for line in lines] == ["line 3", "line 9"]


def test_a_file_that_is_not_there_or_no_mapping(tmp_path, file):
    with pytest.raises(InvalidSpace, match=r"absent.yaml cannot be read"):
        read(tmp_path / "absent.yaml")
    with pytest.raises(InvalidSpace, match="must hold names and values"):
        read(file("- name"))


def test_a_file_is_utf_8_whatever_else_the_machine_writes(tmp_path):
    path = tmp_path / "space.yaml"
    path.write_text(f"# größer\n{GOOD}", encoding="utf-8")
    code = "import sys; from cnn_explainer.sweep import space_file; space_file.read(sys.argv[1])"
    ascii_alone = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    child = subprocess.run(
        [sys.executable, "-c", code, path],
        env=os.environ | ascii_alone,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr


def test_limits_of_the_command_line(file):
    space = read(file(GOOD))
    assert (space.limited(trials=3, epochs=3).trials, space.limited(epochs=3).longest) == (3, 3)
    assert space.limited() == space
    with pytest.raises(InvalidSpace, match="grace"):
        space.limited(epochs=1)


@pytest.mark.parametrize(
    ("epochs", "most", "limited"),
    [
        (9, 100, 9),
        (9, 5, 5),
        ((3, 9, 27), 100, (3, 9, 27)),
        ((3, 9, 27), 5, (3, 5)),
        (Range(uniform=(3, 27)), 100, Range(uniform=(3, 27))),
        (Range(uniform=(3, 27)), 9, Range(uniform=(3, 9))),
        (Range(log_uniform=(3, 27)), 9, Range(log_uniform=(3, 9))),
        (Range(uniform=(3, 27)), 3, 3),
        # The recipe's 50.
        (None, 100, None),
        (None, 9, 9),
    ],
)
def test_the_most_epochs_are_a_limit_and_no_wish(epochs, most, limited):
    settings = {} if epochs is None else {"epochs": epochs}
    space = Space(name="small", model="lenet5", settings=settings)
    assert space.limited(epochs=most).settings.epochs == limited


def test_a_grid_has_as_many_trials_as_combinations():
    space = Space(name="small", model="lenet5", search="grid", settings={"epochs": (3, 9)})
    with pytest.raises(InvalidSpace, match=r"`trials`.* grid.* 2 combinations.* Received: 5"):
        space.limited(trials=5)
    assert space.limited(epochs=4).combinations == 2


def test_a_grid_counts_its_combinations(file):
    text = GOOD.replace("{log_uniform: [0.001, 0.1]}", "[0.1, 0.01, 0.001]")
    space = read(file("search: grid\n" + text.replace("{uniform: [0, 2]}", "[0, 1]")))
    assert space.combinations == 2 * 3 * 2
    assert Space.model_validate_json(space.model_dump_json(exclude_unset=True)) == space


def test_what_counts_is_the_whole_network_on_all_images():
    space = Space(
        name="cheap",
        model="alexnet",
        image_size=96,
        train_share=0.3,
        final_epochs=40,
        settings={"epochs": 9, "learning_rate": (0.02, 0.05), "shift": 10, "cutout": 32},
    )
    values = {"epochs": 9, "learning_rate": 0.05, "shift": 10, "cutout": 32}
    trial, final = space.experiment(values), space.final(values)
    assert (trial.image_size, trial.train_share, trial.held_out) == (96, 0.3, 0.1)
    assert (final.image_size, final.train_share, final.held_out) == (227, 1, 0)
    assert (trial.recipe.epochs, final.recipe.epochs) == (9, 40)
    assert final.recipe.learning_rate == 0.05
    # The same share of the image.
    assert (trial.augmentation.shift, final.augmentation.shift) == (10, 24)
    assert (trial.augmentation.cutout, final.augmentation.cutout) == (32, 76)
    assert space.model_copy(update={"final_epochs": None}).final({"epochs": 9}).recipe.epochs == 9
