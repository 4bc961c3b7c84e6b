"""What was searched, in words; what was found, after how many epochs."""

import numpy as np
import pytest
import samples

from cnn_explainer import searched

GRID = {"epochs": 4, "optimizer": ("sgd", "adam"), "dropout": (0.0, 0.25, 0.5)}


def of(*accuracies, **space):
    """A grid in which the trials reach these accuracies, in this order."""
    left = iter(accuracies)
    settings = {"epochs": 4, "dropout": tuple(i / 10 for i in range(len(accuracies)))}
    space = {"search": "grid", "early_stopping": None} | space
    return samples.sweep(accuracy=lambda _: next(left), noise=0, settings=settings, **space)


def test_settings_are_those_with_a_choice_in_the_recipe_s_order():
    settings = {"shift": (1,), "dropout": (0.0, 0.1), "epochs": 3, "optimizer": ("sgd", "adam")}
    found = searched.settings(samples.sweep(settings=settings).space)
    assert [*found] == ["optimizer", "dropout"]


@pytest.mark.parametrize(
    ("value", "said"),
    [(True, "yes"), (False, "no"), (None, "as it was"), (0.0123456, "0.0123"), (1024, "1,024"),
     ("one_cycle", "one cycle")],
)  # fmt: skip
def test_values_in_words(value, said):
    assert searched.value(value) == said


def test_what_a_search_cost():
    made = of(0.4, 0.3, 0.5)
    times = [(each.history.train_seconds, each.history.val_seconds) for each in made.trials]
    assert made.epochs == 12
    assert np.shape(times) == (3, 2, 4)
    assert made.seconds == pytest.approx(np.sum(times))


def test_progress_is_the_best_so_far():
    spent, best = searched.progress(of(0.4, 0.3, 0.5, 0.45))
    assert spent.tolist() == [4, 8, 12, 16]
    np.testing.assert_allclose(best, [0.4, 0.4, 0.5, 0.5])


def test_a_stopped_trial_is_not_the_best_so_far():
    sweep = of(0.4, 0.5, 0.3)
    first = samples.ended(sweep.trials[0], "stopped", 2)
    spent, best = searched.progress(samples.with_trials(sweep, first))
    assert spent.tolist() == [2, 6, 10]
    np.testing.assert_allclose(best, [np.nan, 0.5, 0.5])


@pytest.mark.parametrize("stopping", [None, {"grace": 2, "factor": 3}])
def test_progress_ends_at_the_best(stopping):
    sweep = samples.sweep(early_stopping=stopping)
    spent, best = searched.progress(sweep)
    assert (spent[-1], best[-1]) == (sweep.epochs, sweep.best.accuracy)
    found = searched.epochs_to(sweep, sweep.best.accuracy)
    assert found == spent[sweep.trials.index(sweep.best)]


def test_epochs_to_an_accuracy():
    sweep = of(0.3, 0.5, 0.4)
    assert [searched.epochs_to(sweep, share) for share in (0.2, 0.35, 0.6)] == [4, 8, None]


def test_a_search_is_described_in_a_line():
    line = searched.describe([samples.sweep("one"), samples.sweep("two", seed=3)])
    assert line == (
        "searches one, two, seeds 0, 3 · CIFAR-10 · keras 3.15.0, ray 2.60.0 · AMD EPYC 9B14,"
        " 2 cores · 2026-11-25"
    )
    assert line.records == ("sweeps/one", "sweeps/two")
    several = samples.sweep().model_copy(update={"nodes": 3, "cores": 12})
    assert "search made-up, seed 0 ·" in searched.describe(several)
    assert "3 machines, 12 cores" in searched.describe(several)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match=r"must be of one network, .* Received: a, b"):
        searched.comparable([samples.sweep("a"), samples.sweep("b", held_out=0.2)])
    for nothing in ([], None, [1]):
        with pytest.raises((ValueError, TypeError)):
            searched.comparable(nothing)


def test_titles():
    assert searched.title(samples.sweep().space) == "random, early stopping"
    grid = samples.sweep(search="grid", settings=GRID, early_stopping=None)
    assert searched.title(grid.space) == "grid"
    assert searched.told(grid.trials[0].values, ["dropout", "optimizer"]) == (
        "dropout 0, optimizer sgd"
    )
