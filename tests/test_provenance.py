from datetime import UTC, datetime

import pytest
import samples

from cnn_explainer import provenance
from cnn_explainer.experiments import CATALOGUE


def test_one_run_in_one_line():
    assert provenance.describe(samples.run(seed=42)) == (
        "lenet5-plain, seed 42, 50 of 50 epochs, float32 · CIFAR-10, a copy re-encoded as JPEG"
        " · tensorflow 2.21.0, keras 3.15.0 · AMD EPYC 9B14 · 2026-11-24"
    )


def test_missing_epochs_are_said_plainly():
    assert "only 30 of 50 epochs" in provenance.describe(samples.run(epochs_done=30))
    assert provenance.shortfall([samples.run(seed=1), samples.run(epochs_done=3)]) == (
        "only 3 of 50 epochs"
    )
    several = [samples.run(seed=done, epochs_done=done) for done in (31, 25, 31)]
    assert provenance.shortfall(several) == "only 25 to 31 of 50 epochs"
    assert provenance.shortfall([samples.run()]) == ""
    assert provenance.title([samples.run("vgg16-plain", epochs_done=25)]) == (
        "VGG16 (plain, only 25 of 50 epochs)"
    )


def test_fewer_epochs_are_not_quicker():
    runs = [samples.run(seed=1), samples.run(seed=2), samples.run(seed=3, epochs_done=3)]
    assert runs[2].fit_seconds < runs[0].fit_seconds
    assert provenance.quickest(runs) is min(runs[:2], key=lambda run: run.fit_seconds)


def test_another_rate_or_fewer_images_are_said():
    line = provenance.describe(samples.run(learning_rate=0.1, train_share=0.25))
    assert line.startswith(
        "lenet5-plain, learning rate 0.1, 25\u00a0% of the training images, seed 42,"
    )


def test_what_was_trained_alike_stands_together():
    runs = [samples.run(name, seed=s) for name in ("base-plain", "lenet5-plain") for s in (1, 2)]
    line = provenance.describe([*runs, samples.run("vgg16-plain", seed=1)])
    assert line.startswith(
        "base-plain, lenet5-plain, seeds 1, 2, 50 of 50 epochs, float32; vgg16-plain, seed 1,"
    )


def test_the_precision_is_the_one_used():
    assert "mixed_bfloat16" in provenance.describe(samples.run(precision="mixed_bfloat16"))


def test_what_is_common_is_said_once():
    line = provenance.describe([samples.run(seed=1), samples.run(seed=2)])
    assert line.startswith("lenet5-plain, seeds 1, 2, 50 of 50 epochs, float32 ·")
    assert line.count("CIFAR-10") == line.count("EPYC") == line.count("2026-11-24") == 1


def test_what_differs_is_all_said():
    first, second = samples.run(), samples.run("vgg16-plain", epochs_done=3)
    made = second.provenance.model_copy(
        update={"processor": "Apple M1", "finished": datetime(2026, 12, 1, tzinfo=UTC)}
    )
    line = provenance.describe([first, second.model_copy(update={"provenance": made})])
    for part in (
        "lenet5-plain, seed 42, 50 of 50 epochs, float32; vgg16-plain, seed 42, only 3 of 50"
        " epochs",
        "CIFAR-10, a copy re-encoded as JPEG and TensorFlow's flower photos, the original",
        "AMD EPYC 9B14 and Apple M1",
        "2026-11-24 to 2026-12-01",
    ):
        assert part in line


@pytest.mark.parametrize("nothing", [[], (), ["lenet5-plain"]])
def test_nothing_to_describe_is_refused(nothing):
    with pytest.raises(ValueError, match="`runs` must be a Run or a sequence of them"):
        provenance.describe(nothing)


def test_seeds_are_sorted_and_others_are_refused():
    seeds = provenance.as_seeds([samples.run(seed=7), samples.run(seed=1)])
    assert [run.experiment.seed for run in seeds] == [1, 7]
    for other in (samples.run("lenet5-augmented"), samples.run(epochs=3), samples.run(seed=7)):
        with pytest.raises(ValueError, match="`runs` must"):
            provenance.as_seeds([samples.run(seed=7), other])


def test_the_catalogue_in_groups():
    runs = [samples.run("vgg16-plain"), samples.run(seed=7), samples.run(seed=3)]
    groups = provenance.by_experiment(runs)
    assert list(groups) == list(CATALOGUE)
    assert groups["lenet5-plain"] == (runs[2], runs[1])
    assert groups["base-plain"] == ()
    with pytest.raises(ValueError, match="`runs` must be seeds of one experiment"):
        provenance.by_experiment([samples.run(seed=1), samples.run(learning_rate=0.1)])
