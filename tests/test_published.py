import pytest
from samples import run

from cnn_explainer import published
from cnn_explainer.experiments import CATALOGUE


def test_there_is_a_row_for_each_experiment():
    assert list(published.RESULTS) == list(CATALOGUE)


def test_the_accuracies_are_counts_of_images():
    """On 1,101 images, few numbers of four decimals are one: a slip would show."""
    for name, each in published.RESULTS.items():
        share = round(each.accuracy * each.images) / each.images
        assert round(share, 4) == each.accuracy, name
        assert each.accuracy < each.binary_accuracy < 1


def test_the_numbers_add_up_as_they_do_in_the_write_up():
    """Added up from its tables, apart from what is typed here: a slip would show."""
    sums = {"accuracy": 6.6778, "loss": 16.2528, "binary_accuracy": 9.0235, "fit_seconds": 121665.5}
    for measure, total in sums.items():
        found = sum(getattr(each, measure) for each in published.RESULTS.values())
        assert found == pytest.approx(total, abs=1e-6), measure


def test_one_run_slept():
    assert [name for name, each in published.RESULTS.items() if each.note] == ["vgg16-augmented"]


def test_when_the_published_accuracy_is_matched():
    made = run()
    curve = [0.2, 0.5, 0.58, 0.4, 0.6]
    history = made.history.model_copy(
        update={"val_accuracy": tuple(curve), "train_seconds": (1, 2, 3, 4, 5),
                "val_seconds": (0.1,) * 5}
    )  # fmt: skip
    made = made.model_copy(update={"history": history})
    assert published.epochs_to_match(made) == 3
    assert published.seconds_to_match(made) == pytest.approx(6.3)


def test_it_may_never_be_matched():
    made = run(epochs_done=2)
    assert max(made.history.val_accuracy) < published.of(made).accuracy
    assert published.epochs_to_match(made) is published.seconds_to_match(made) is None
