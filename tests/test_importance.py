"""What mattered is found where it is known, and nothing is where nothing did."""

import numpy as np
import pytest
import samples
from scipy.stats import rankdata
from sklearn.ensemble import RandomForestRegressor

from cnn_explainer import importance

FOUND = importance.of(samples.sweep(trials=40))


def test_the_one_setting_that_matters_is_found():
    first, *others = FOUND.settings.values()
    assert next(iter(FOUND.settings)) == "learning_rate"
    assert first > 0.5 and max(map(abs, others)) < 0.1 * first
    assert FOUND.meaningful and FOUND.r2 > 0.5


def test_a_category_that_matters_is_found_wherever_it_stands_in_the_list():
    def adam_alone(values):
        return 0.6 if values["optimizer"] == "adam" else 0.4

    settings = samples.SETTINGS | {"optimizer": ("sgd", "adam", "rmsprop")}
    found = importance.of(samples.sweep(trials=40, settings=settings, accuracy=adam_alone))
    assert next(iter(found.settings)) == "optimizer"
    assert found.settings["optimizer"] > 10 * found.settings["learning_rate"]


@pytest.mark.parametrize("trials", [24, 60])
def test_where_nothing_matters_the_forest_knows_nothing(trials):
    found = importance.of(samples.sweep(trials=trials, seed=1, accuracy=lambda _: 0.5))
    assert found.r2 < importance.MEANING and not found.meaningful


def test_r2_is_what_scikit_learn_says_out_of_bag():
    sweep = samples.sweep(trials=40)
    columns = ["optimizer", "learning_rate", "dropout", "flip", "shift"]
    x = [[trial.values[name] for name in columns] for trial in sweep.trials]
    x = [[kind == "adam", np.log(rate), *others] for kind, rate, *others in x]
    y = rankdata([trial.history.val_accuracy[1] for trial in sweep.trials])
    forest = RandomForestRegressor(importance.TREES, random_state=0, oob_score=True)
    assert forest.fit(x, y).oob_score_ == pytest.approx(FOUND.r2, abs=1e-6)


def test_all_trials_are_compared_after_the_last_epoch_that_all_have():
    assert (FOUND.epoch, FOUND.trials) == (2, 40)
    to_the_end = importance.of(samples.sweep(early_stopping=None))
    assert (to_the_end.epoch, to_the_end.trials) == (18, 24)


def test_at_a_later_epoch_there_are_fewer_trials():
    sweep = samples.sweep(trials=40)
    later = importance.of(sweep, epoch=6)
    assert later.trials == sum(trial.epochs_done >= 6 for trial in sweep.trials) < 40
    with pytest.raises(ValueError, match=r"at least 10 trials have, such as 2\. Received: 19"):
        importance.of(sweep, epoch=19)
    with pytest.raises(ValueError, match=r"Received: 0, which"):
        importance.of(sweep, epoch=0)


def test_a_trial_that_diverged_is_the_last_and_one_that_failed_does_not_count():
    sweep = samples.sweep(trials=40)
    first, second, *_ = sweep.trials
    changed = samples.with_trials(
        sweep, samples.ended(first, "diverged", 0), samples.ended(second, "failed", 1)
    )
    found = importance.of(changed)
    assert (found.epoch, found.trials) == (2, 39)
    # An accuracy of 0 among such of 0.3 would make a variance that no setting tells.
    assert found.r2 > 0.5 and next(iter(found.settings)) == "learning_rate"


def test_a_trial_that_failed_later_has_its_rank():
    sweep = samples.sweep(trials=40)
    longest = sorted(sweep.trials, key=lambda trial: -trial.epochs_done)
    swapped = sweep.model_copy(update={"trials": tuple(longest)})
    failed = samples.with_trials(swapped, samples.ended(longest[0], "failed", 3))
    assert importance.of(failed) == importance.of(swapped)


def test_the_same_search_gives_the_same():
    assert importance.of(samples.sweep(trials=40)) == FOUND


def test_a_search_without_a_choice_is_refused():
    with pytest.raises(ValueError, match="must have a setting of more than one value"):
        importance.of(samples.sweep(settings={"epochs": 4, "optimizer": ("adam",)}))
