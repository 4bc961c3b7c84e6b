import json

import pytest
from pydantic import ValidationError

from cnn_explainer import experiments
from cnn_explainer.errors import DamagedRecord
from cnn_explainer.experiments import (
    CATALOGUE,
    Augmentation,
    Changes,
    Experiment,
    Recipe,
    get,
    train_command,
)


def test_catalogue_is_the_write_ups_ten():
    assert list(CATALOGUE) == [
        "base-plain",
        *(
            f"{model}-{variant}"
            for model in ("lenet5", "alexnet", "vgg16")
            for variant in ("plain", "augmented", "augmented_dropout")
        ),
    ]
    assert all(name == experiment.name for name, experiment in CATALOGUE.items())
    assert {e.image_size for e in CATALOGUE.values()} == {32, 224, 227}


def test_recipe_is_the_write_ups():
    recipe = get("lenet5-plain").recipe
    values = (recipe.optimizer, recipe.learning_rate, recipe.momentum, recipe.nesterov)
    assert values == ("sgd", 0.01, 0.9, True)
    assert (recipe.batch_size, recipe.epochs) == (32, 50)


def test_key_tells_experiments_apart_and_survives_json():
    keys = {get("lenet5-plain").key, get("lenet5-plain", seed=7).key, get("base-plain").key}
    keys.add(get("lenet5-plain", epochs=3).key)
    assert len(keys) == 4
    again = Experiment.model_validate_json(get("lenet5-plain", seed=7).model_dump_json())
    assert again == get("lenet5-plain", seed=7)
    assert again.key == get("lenet5-plain", seed=7).key


def test_key_does_not_change_when_the_recipe_learns_a_field():
    class Longer(Recipe):
        warm_up: int = 0

    class Later(Experiment):
        recipe: Longer = Longer()

    old = get("base-plain", seed=3)
    assert Later.model_validate(old.model_dump()).key == old.key


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"seed": -1}, "seed"),
        ({"epochs": 0}, "epochs"),
        ({"precision": "float8"}, "precision"),
    ],
)
def test_wrong_values_are_named(changes, place):
    with pytest.raises(ValidationError, match=place):
        get("lenet5-plain", **changes)


def test_wrong_names_are_refused():
    with pytest.raises(ValueError, match=r"`name` must be one of .*lenet5-plain.*Received: 'x'"):
        get("x")
    values = json.loads(get("lenet5-plain").model_dump_json())
    with pytest.raises(ValueError, match="`variant` must be one of"):
        Experiment.model_validate(values | {"variant": "bigger"})
    with pytest.raises(ValidationError, match="extra"):
        Experiment.model_validate(values | {"colour": "red"})


def fast(**values) -> Experiment:
    """LeNet-5 as a search might leave it, under a name that does not come with the package."""
    return Experiment(model="lenet5", variant="fast", dataset="cifar10", image_size=32, **values)


def test_what_a_search_found_has_a_name(home, monkeypatch):
    monkeypatch.setattr(experiments, "RECORDED", home / "nothing shipped")
    experiment = fast(
        augmentation=Augmentation(flip=True, shift=2), changes=Changes(activation="elu")
    )
    with pytest.raises(ValueError, match=r"Received: 'lenet5-fast'"):
        get("lenet5-fast")
    path = experiments.keep(experiment)
    assert path == home / "experiments" / "lenet5-fast.json"
    assert get("lenet5-fast") == experiments.found()["lenet5-fast"] == experiment
    assert get("lenet5-fast", seed=7).seed == 7
    path.write_text('{"model": "lenet5"}')
    with pytest.raises(DamagedRecord, match=r"lenet5-fast.json.*variant: Field required"):
        get("lenet5-fast")


def test_a_variant_of_the_write_up_has_its_own_augmentation():
    assert get("lenet5-plain").strengths == Augmentation()
    for name in ("lenet5-augmented", "vgg16-augmented_dropout"):
        assert get(name).strengths == Augmentation(flip=True, rotation=0.1, zoom=0.1)
    assert fast(augmentation=Augmentation(shift=2)).strengths == Augmentation(shift=2)
    values = get("lenet5-plain").model_dump()
    for change in ({"augmentation": {"shift": 1}}, {"changes": {"dropout": 0.1}}):
        with pytest.raises(ValueError, match=r"are for the variants tuned, .*'plain'"):
            Experiment.model_validate(values | change)


@pytest.mark.parametrize(
    ("name", "changes", "options"),
    [
        ("lenet5-plain", {}, ""),
        ("lenet5-plain", {"seed": 7, "epochs": 3}, " --seed 7 --epochs 3"),
        (
            "base-plain",
            {"precision": "float32", "learning_rate": 0.001, "train_share": 0.25},
            " --precision float32 --learning-rate 0.001 --train-share 0.25",
        ),
        ("lenet5-tuned", {"seed": 1, "learning_rate": 0.1}, " --seed 1 --learning-rate 0.1"),
    ],
)
def test_the_command_that_trains_an_experiment(home, name, changes, options):
    command = train_command(get(name, **changes))
    assert command == f"cnn-explainer train {name}{options}"
    again = train_command(get(name, **changes), again=True)
    assert again == f"{command} --again"


def test_no_command_for_what_its_options_cannot_say(home, monkeypatch):
    monkeypatch.setattr(experiments, "RECORDED", home / "nothing shipped")
    other = fast(recipe=Recipe(batch_size=64))
    for kept in (None, fast()):
        if kept:
            experiments.keep(kept)
        assert train_command(other) == "cnn_explainer.training.train(experiment)"


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_numbers_are_finite(value):
    with pytest.raises(ValidationError, match="learning_rate"):
        get("lenet5-plain", learning_rate=value)
