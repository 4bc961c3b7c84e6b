"""What the prose says is what the records hold."""

import numpy as np
import pytest
from samples import accurate, run

from cnn_explainer import facts
from cnn_explainer.experiments import CATALOGUE
from cnn_explainer.published import RESULTS

SEEDS = accurate("lenet5-plain", 0.52, 0.55, 0.56)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_experiment_has_them_as_plain_values(name):
    told = facts.of(run(name))
    assert {type(value) for value in told.values()} == {int, float, str}
    assert told["published_accuracy"] == RESULTS[name].accuracy
    assert all(told.values()), [key for key, value in told.items() if not value]


def test_of_one_run_they_are_the_record_s():
    made = run()
    told = facts.of(made)
    assert (told["seeds"], told["seed"], told["of_seeds"]) == (1, "42", "one seed")
    assert told["accuracy"] == made.test.accuracy
    assert told["gap"] == pytest.approx(100 * (made.train.accuracy - made.test.accuracy))
    assert told["ece"] == made.calibration.expected_error
    assert told["fit_minutes"] == pytest.approx(made.fit_seconds / 60)
    assert told["best_epoch"] == np.argmax(made.history.val_accuracy) + 1
    assert told["lowest_loss"] == min(made.history.val_loss)
    assert told["learned_loss"] == min(made.history.loss)
    assert told["learned_last_loss"] == made.history.loss[-1]
    assert told["aeroplane_truth_p"] == made.probes["aeroplane"][0]
    assert told["aeroplane_agree"] == "1 of 1"
    assert "interval" not in told
    assert told["spread"] == "one seed, and so no interval"


def test_of_seeds_they_are_means_and_the_interval_is_told():
    told = facts.of(SEEDS)
    assert told["accuracy"] == pytest.approx(0.5433, abs=1e-4)
    assert (told["lowest_accuracy"], told["highest_accuracy"]) == (0.52, 0.56)
    assert (told["seeds"], told["seed"]) == (3, "1, 2, 3")
    assert told["spread"] == f"± {told['interval']:.1f} points, 3 seeds"
    assert told["loss"] == pytest.approx(np.mean([each.test.loss for each in SEEDS]))
    curve = np.mean([each.history.val_accuracy for each in SEEDS], 0)
    assert (told["best_epoch"], told["best_accuracy"]) == (curve.argmax() + 1, curve.max())
    assert told["lost"] == pytest.approx(100 * (curve.max() - curve[-1]))


def test_the_answer_to_a_probe_is_that_of_the_mean():
    told = facts.of(SEEDS)
    shares = np.array([each.probes["aeroplane"] for each in SEEDS])
    k = shares.mean(0).argmax()
    assert told["aeroplane"].split()[-1] == SEEDS[0].classes[k]
    assert told["aeroplane_p"] == pytest.approx(shares.mean(0)[k])
    assert told["aeroplane_agree"] == f"{(shares.argmax(1) == k).sum()} of 3"
    assert (told["aeroplane_verdict"] == "right") == (SEEDS[0].classes[k] == "airplane")
    assert "rose_verdict" not in told  # CIFAR-10 has no class for it.
    assert facts.of(run("vgg16-plain"))["rose_truth"] == "roses"


def test_the_worst_confusion_and_the_hardest_class():
    counts = np.full((10, 10), 10) + 60 * np.eye(10, dtype=int)
    counts[3, 5] += 30
    counts[3, 3] -= 30
    told = facts.of(run().model_copy(update={"confusion": tuple(map(tuple, counts.tolist()))}))
    assert (told["worst_true"], told["worst_said"]) == ("cat", "dog")
    assert (told["worst_count"], told["back_count"], told["worst_of"]) == (40, 10, 160)
    assert (told["hardest"], told["hardest_share"]) == ("cat", 40 / 160)


@pytest.mark.parametrize(
    ("accuracy", "direction", "noise"),
    [(0.5770, "below", "within noise"), (0.9, "above", "more than noise"),
     (0.2, "below", "more than noise")],
)  # fmt: skip
def test_the_published_accuracy_is_judged(accuracy, direction, noise):
    told = facts.of(accurate("lenet5-plain", accuracy - 0.001, accuracy + 0.001))
    assert (told["direction"], told["noise"]) == (direction, noise)
    assert told["difference"] == pytest.approx(100 * abs(accuracy - 0.5774))
    assert told["noise"] in told["difference_words"]


def test_missing_epochs_are_told():
    told = facts.of(run("vgg16-plain", epochs_done=25))
    assert (told["epochs"], told["asked"]) == (25, 50)
    assert told["trained"] == "only 25 of 50 epochs"
    assert facts.of(run())["trained"] == "50 of 50 epochs"


def test_every_precision_is_told():
    kinds = ("float32", "mixed_bfloat16", "float32")
    told = facts.of([run(seed=seed, precision=kind) for seed, kind in enumerate(kinds)])
    assert told["precision"] == "float32 and mixed bfloat16"


def test_what_chance_reaches():
    told = facts.of(run())
    assert told["guess_loss"] == pytest.approx(np.log(10))
    assert told["guess_accuracy"] == pytest.approx(np.sum(run().confusion, 1).max() / 1000)


def test_learning_begins_where_the_curve_leaves_a_guess_for_good():
    made = run("vgg16-plain", epochs_done=6)
    guess = facts.of(made)["guess_accuracy"]

    def begun(*val_accuracy):
        history = made.history.model_copy(update={"val_accuracy": val_accuracy})
        return facts.of(made.model_copy(update={"history": history}))["begun"]

    assert begun(guess, 0.9, guess, 0.9, 0.9, 0.9) == "from epoch 4 on"
    assert begun(*[guess + 0.001] * 6) == "at no time for good"
    assert begun(*[0.9] * 5, guess) == "at no time for good"


def test_an_accuracy_that_was_never_matched_is_a_dash():
    told = facts.of(run(epochs_done=2))
    assert (told["reached"], told["reached_epoch"]) == ("0 of 1", "–")


def test_of_nothing_there_are_none():
    with pytest.raises(ValueError, match="`runs` must be a Run or a sequence of them"):
        facts.of(())
