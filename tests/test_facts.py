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


def test_every_number_in_the_prose_by_hand():
    """Of two seeds, of which one has an epoch less."""
    curves = {
        "accuracy": ((0.2, 0.5, 0.6, 0.5), (0.4, 0.7, 0.8)),
        "val_accuracy": ((0.3, 0.5, 0.7, 0.4), (0.5, 0.5, 0.1)),
        "loss": ((2.0, 1.0, 1.5, 0.1), (2.0, 1.0, 1.5)),
        "val_loss": ((4.0, 2.0, 3.0, 1.0), (4.0, 2.0, 3.0)),
        "train_seconds": ((1, 1, 1, 1), (1, 1, 1)),
        "val_seconds": ((1, 1, 1, 1), (1, 1, 1)),
        "processor_seconds": ((2, 2, 2, 2), (3, 3, 3)),
    }
    confidence, right = np.zeros((2, 15))
    confidence[[9, 14]], right[[9, 14]] = (0.6, 1.0), (0.5, 0.9)
    counts = np.full((10, 10), 10) + 60 * np.eye(10, dtype=int)
    counts[6, 6], counts[6, 5] = 75, 5
    parts = {
        "test": {"accuracy": (0.50, 0.54), "loss": (1, 2), "binary_accuracy": (0.8, 0.9)},
        "train": {"accuracy": (0.9, 0.96), "loss": (0.2, 0.4)},
        "calibration": {
            name: (tuple(values),) * 2
            for name, values in {
                "confidence": confidence, "accuracy": right,
                "count": [0] * 9 + [400, *[0] * 4, 1200],
            }.items()
        },
        "history": curves,
    }  # fmt: skip
    seeds = []
    for i in range(2):
        made = run(seed=i, epochs_done=4 - i)
        changed = {
            part: getattr(made, part).model_copy(update={n: both[i] for n, both in values.items()})
            for part, values in parts.items()
        }
        times = {"fit_seconds": (7200, 3600)[i], "images_per_second": (100, 300)[i]}
        confused = {"confusion": tuple(map(tuple, counts.tolist()))}
        seeds.append(made.model_copy(update=changed | times | confused))
    told = facts.of(seeds)
    theirs = RESULTS["lenet5-plain"]
    expected = {
        "epochs": 3, "asked": 50, "classes": 10, "test_images": 1600,
        "accuracy": 0.52, "loss": 1.5, "binary_accuracy": 0.85,
        "train_accuracy": 0.93, "train_loss": 0.3, "gap": 41,
        # Student's of two values 4 points apart: 12.706 of its standard errors.
        "interval": 12.706 * 2,
        "error": (0.52 * 0.48 / 1600) ** 0.5,
        "confidence": 0.9, "ece": 0.1,
        "first_accuracy": 0.4, "best_epoch": 2, "best_accuracy": 0.5, "lost": 10,
        "lowest_epoch": 2, "lowest_loss": 2, "last_loss": 3, "times": 1.5,
        "learned_epoch": 2, "learned_loss": 1, "learned_last_loss": 1.5,
        "easiest_share": 75 / 160,
        "parameters": 62_006, "multiply_adds": 651_720,
        "fit_seconds": 5400, "fit_minutes": 90, "fit_hours": 1.5, "processor_seconds": 8.5,
        "epoch_seconds": 1500, "images_per_second": 200,
        "published_accuracy": theirs.accuracy, "published_loss": theirs.loss,
        "published_binary_accuracy": theirs.binary_accuracy,
        "published_fit_seconds": theirs.fit_seconds,
    }  # fmt: skip
    assert {name: told[name] for name in expected} == pytest.approx(expected, rel=1e-4)
    assert (told["spread"], told["easiest"]) == ("± 25.4 points, 2 seeds", "frog")
