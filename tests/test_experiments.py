import json

import pytest
from pydantic import ValidationError

from cnn_explainer.experiments import CATALOGUE, Experiment, Recipe, get


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
