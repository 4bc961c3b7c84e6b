import pytest

from cnn_explainer import words
from cnn_explainer.experiments import CATALOGUE, Recipe, get


def test_an_experiment_of_the_catalogue_is_network_and_variant():
    assert words.experiment(get("lenet5-plain", seed=7, epochs=3)) == "LeNet-5 (plain)"
    titles = [words.experiment(each) for each in CATALOGUE.values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"learning_rate": 0.1}, ", learning rate 0.1"),
        ({"learning_rate": 0.001}, ", learning rate 0.001"),
        ({"learning_rate": 0.01}, ""),
        # Of the catalogue's, what was asked for; the record says what was used.
        ({"precision": "mixed_bfloat16"}, ""),
        ({"precision": "float32"}, ", in float32"),
        ({"train_share": 0.25}, ", 25\u00a0% of the training images"),
        ({"train_share": 0.125}, ", 12.5\u00a0% of the training images"),
        (
            {"train_share": 0.5, "learning_rate": 1},
            ", learning rate 1, 50\u00a0% of the training images",
        ),
    ],
)
def test_what_is_not_as_in_the_catalogue_is_said(changes, said):
    assert words.experiment(get("vgg16-plain", **changes)) == f"VGG16 (plain{said})"


def test_details_come_last():
    assert words.experiment(get("base-plain"), "25 epochs") == "Base model (plain, 25 epochs)"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "SGD, Nesterov momentum 0.9"),
        ({"nesterov": False, "momentum": 0.5}, "SGD, momentum 0.5"),
        ({"momentum": 0, "weight_decay": 0}, "SGD"),
        ({"weight_decay": 0.05}, "SGD, Nesterov momentum 0.9, weight decay 0.05"),
        ({"optimizer": "adamw", "weight_decay": 0.1}, "AdamW, weight decay 0.1"),
        ({"optimizer": "nadam"}, "Nadam"),
    ],
)
def test_an_optimizer_and_what_goes_with_it(values, said):
    assert words.optimizer(Recipe(**values)) == said


@pytest.mark.parametrize(
    ("name", "said"), [("airplane", "an airplane"), ("dog", "a dog"), ("tulips", "tulips")]
)
def test_a_class_in_a_sentence(name, said):
    assert words.one(name) == said


def test_within_a_sentence_only_the_base_model_is_no_name():
    assert words.amid("Base model (plain)") == "the base model (plain)"
    assert words.amid("LeNet-5 (plain)") == "LeNet-5 (plain)"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Intel(R) Xeon(R) Processor @ 2.50GHz", "Intel Xeon"),
        ("Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz", "Intel Core i7-9750H"),
        ("AMD EPYC 9B14", "AMD EPYC 9B14"),
        ("Apple M1", "Apple M1"),
    ],
)
def test_a_processor_in_little_room(name, said):
    assert words.processor(name) == said
