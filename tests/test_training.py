"""Training: it learns, it survives `kill -9`, and it never leaves half a result."""

import json
import os
import platform
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from cnn_explainer import checkpoints, machine, runs, training, weights
from cnn_explainer.augmentation import RandomAffine
from cnn_explainer.errors import ExplainerError, NotSaved, TrainingDiverged, TrainingInProgress
from cnn_explainer.experiments import Augmentation, Experiment, get

pytestmark = pytest.mark.usefixtures("tiny")
# Slow enough that rounding, which is not the same twice on several threads, does not grow.
RATE = 0.004
EXPERIMENT = get("lenet5-plain", epochs=24, learning_rate=RATE)


@pytest.fixture(scope="module")
def trained(tiny_folder, tmp_path_factory):
    """One whole training, and its folder."""
    home = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFDS_DATA_DIR", str(tiny_folder))
        patch.setenv("CNN_EXPLAINER_HOME", str(home))
        run = training.train(EXPERIMENT)
    return run, home


def test_256_pictures_bring_the_loss_down(trained):
    run, _ = trained
    assert run.history.loss[-1] < 0.5 * run.history.loss[0]
    assert run.test.accuracy > 0.5
    assert run.history.val_loss[-1] == pytest.approx(run.test.loss, rel=1e-3)
    assert run.history.val_accuracy[-1] == pytest.approx(run.test.accuracy, abs=1e-6)
    assert run.complete
    assert run.filters.epochs == tuple(range(25))


def test_seconds_are_those_of_the_epochs(trained):
    run, _ = trained
    seconds = sum(run.history.train_seconds) + sum(run.history.val_seconds)
    assert run.fit_seconds == pytest.approx(seconds)
    assert run.images_per_second == pytest.approx(256 / np.median(run.history.train_seconds))


def test_record_and_weights_are_kept_and_the_state_is_not(trained, monkeypatch):
    run, home = trained
    monkeypatch.setenv("CNN_EXPLAINER_HOME", str(home))
    assert runs.load(EXPERIMENT) == run
    assert training.run("lenet5-plain", epochs=24, learning_rate=RATE) == run
    assert not checkpoints.folder(EXPERIMENT).exists()


def test_weights_in_16_bits_give_the_recorded_answers(trained, monkeypatch):
    run, home = trained
    monkeypatch.setenv("CNN_EXPLAINER_HOME", str(home))
    from cnn_explainer.probes import aeroplane

    model = weights.restore(EXPERIMENT)
    answer = model.predict(aeroplane(32)[None].astype("float32"), verbose=0)[0]
    np.testing.assert_allclose(answer, run.probes["aeroplane"], atol=5e-3)


def test_mirrored_is_the_mean_of_two_answers(trained, tiny_folder, monkeypatch):
    run, home = trained
    monkeypatch.setenv("CNN_EXPLAINER_HOME", str(home))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tiny_folder))
    test, model = training.pictures(EXPERIMENT).test, weights.restore(EXPERIMENT)
    images = test.images.astype("float32")
    both = [model.predict(each, verbose=0) for each in (images, images[:, :, ::-1])]
    of_truth = np.mean(both, axis=0)[np.arange(len(test)), test.labels]
    assert run.mirrored.loss == pytest.approx(-np.log(of_truth).mean(), abs=5e-3)
    assert run.mirrored.loss != pytest.approx(run.test.loss, abs=5e-3)


def test_each_side_is_judged_on_its_own_pictures(trained, tiny_folder, monkeypatch):
    run, home = trained
    monkeypatch.setenv("CNN_EXPLAINER_HOME", str(home))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tiny_folder))
    data, model = training.pictures(EXPERIMENT), weights.restore(EXPERIMENT)
    for judged, split in ((run.train, data.train), (run.test, data.test)):
        answers = model.predict(split.images.astype("float32"), verbose=0)
        of_truth = answers[np.arange(len(split)), split.labels]
        assert judged.loss == pytest.approx(-np.log(of_truth).mean(), rel=0.05)
    assert run.train.loss != pytest.approx(run.test.loss, rel=0.1)


# What runs in the background of a shell ignores Ctrl-C, and so do its children; these do not.
LISTENING = """
import signal
from cnn_explainer.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


def _child(home, *arguments):
    command = [sys.executable, "-c", LISTENING, "train", *arguments]
    environment = os.environ | {"CNN_EXPLAINER_HOME": str(home)}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def _wait_for_epochs(experiment, count, child):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and child.poll() is None:
        state = checkpoints.load(experiment)
        if state and state.epochs_done >= count:
            return state.epochs_done
        time.sleep(0.02)
    raise TimeoutError(f"the child made no {count} epochs: {child.stderr.read()}")


def test_killed_at_any_moment_it_goes_on(trained, home):
    whole, _ = trained
    killed_at = []
    for count in (2, 5):
        with _child(home, "lenet5-plain", "--epochs", "24", "--learning-rate", str(RATE)) as child:
            killed_at.append(_wait_for_epochs(EXPERIMENT, count, child))
            child.kill()
        assert not list(runs.folder().glob("*")), "no record before it is complete"
    assert killed_at[0] < killed_at[1] < 24

    run = training.train(EXPERIMENT)
    assert run.epochs_done == whole.epochs_done == 24
    assert run.filters.epochs == whole.filters.epochs
    # The order of the pictures and the optimizer's state came back: it is the same training.
    np.testing.assert_allclose(run.history.loss[:7], whole.history.loss[:7], rtol=1e-4)
    # Where the loss falls most steeply, the last bits of a sum come to show.
    np.testing.assert_allclose(run.history.loss, whole.history.loss, rtol=5e-2)
    assert run.model_dump().keys() == whole.model_dump().keys()


def test_control_c_says_what_to_do(home):
    with _child(home, "lenet5-plain", "--epochs", "500") as child:
        experiment = get("lenet5-plain", epochs=500)
        done = _wait_for_epochs(experiment, 1, child)
        with pytest.raises(TrainingInProgress, match="another process"):
            training.train(experiment)
        child.send_signal(signal.SIGINT)
        output = child.stderr.read()
    assert child.returncode == 1
    assert "The same command goes on" in output
    assert "Traceback" not in output
    assert checkpoints.load(experiment).epochs_done >= done


def test_stopped_early_the_record_says_so_and_can_be_taken_up(home, monkeypatch):
    monkeypatch.setattr(training, "FILTER_BYTES", 0)
    experiment = get("lenet5-plain", epochs=4)
    part = training.train(experiment, stop_after=2)
    assert (part.epochs_done, part.complete) == (2, False)
    assert part.filters.epochs == (0, 2)
    assert runs.load(experiment) == part
    whole = training.train(experiment)
    assert (whole.epochs_done, whole.complete) == (4, True)
    assert whole.history.loss[:2] == part.history.loss
    assert whole.filters.epochs == (0, 4)


def test_again_begins_with_the_first_epoch(home):
    experiment = get("lenet5-plain", epochs=2)
    part = training.train(experiment, stop_after=1)
    epochs = []
    run = training.train(experiment, again=True, each_epoch=lambda s: epochs.append(s.epochs_done))
    assert (epochs, run.complete) == ([1, 2], True)
    assert run.history.train_seconds[0] != part.history.train_seconds[0]
    assert not checkpoints.begun(experiment)


def test_a_longer_training_is_not_replaced(home):
    experiment = get("lenet5-plain", epochs=2)
    whole = training.train(experiment)
    message = r"`stop_after` asks for has 1 of 2 epochs, .*lenet5-plain-.*json.* replace, has 2\."
    for again in (False, True):
        with pytest.raises(ExplainerError, match=message):
            training.train(experiment, stop_after=1, again=again)
    assert runs.load(experiment) == whole


@pytest.mark.parametrize("variant", ["augmented", "augmented_dropout"])
def test_variants_train(home, variant):
    run = training.train(get(f"lenet5-{variant}", epochs=1))
    assert run.experiment.variant == variant


@pytest.mark.parametrize("strengths", [{"shift": 2}, {"flip": True, "rotation": 0.02}])
def test_what_a_search_found_is_trained_with_its_own_augmentation(strengths):
    found = Experiment(
        model="lenet5",
        variant="tuned",
        dataset="cifar10",
        image_size=32,
        augmentation=Augmentation(**strengths),
    )
    network = training.compiled(found, "float32", 256)
    [moves] = [layer for layer in network.layers if isinstance(layer, RandomAffine)]
    all_off = {"flip": False, "shift": 0, "rotation": 0, "zoom": 0}
    assert {name: getattr(moves, name) for name in all_off} == all_off | strengths


def test_a_share_of_the_images_and_another_rate(home):
    half = get("lenet5-plain", epochs=1, train_share=0.5, learning_rate=0.02)
    run = training.train(half)
    assert run.images_per_second == pytest.approx(128 / run.history.train_seconds[0])
    assert runs.load("lenet5-plain", epochs=1, train_share=0.5, learning_rate=0.02) == run
    assert 0 < run.busy < 1.5


def test_sixteen_bits_where_the_processor_has_them(home, monkeypatch):
    monkeypatch.setattr(machine, "has_bfloat16", lambda: True)
    run = training.train(get("lenet5-plain", epochs=1, precision="mixed_bfloat16"))
    assert run.provenance.precision == "mixed_bfloat16"


def test_float32_where_it_has_not_and_the_record_says_so(home, monkeypatch):
    monkeypatch.setattr(machine, "has_bfloat16", lambda: False)
    experiment = get("lenet5-plain", epochs=1, precision="mixed_bfloat16")
    run = training.train(experiment)
    assert run.provenance.precision == "float32"
    assert run.experiment == experiment


def test_a_loss_that_explodes_leaves_nothing(home):
    data = EXPERIMENT.model_dump()
    data["recipe"] |= {"learning_rate": 1e12}
    experiment = Experiment.model_validate(data)
    with pytest.raises(TrainingDiverged, match="learning rate"):
        training.train(experiment)
    assert [path for path in home.rglob("*") if path.suffix in (".json", ".npz")] == []


def test_the_loss_that_broke_is_named(home, monkeypatch):
    compiled = training.compiled

    def broken(*arguments):
        model = compiled(*arguments)
        model.evaluate = lambda *_, **__: {"accuracy": 0.1, "loss": float("inf")}
        return model

    monkeypatch.setattr(training, "compiled", broken)
    with pytest.raises(TrainingDiverged, match="the validation loss became inf in epoch 1"):
        training.train(get("lenet5-plain", epochs=1))


def test_a_full_disk_keeps_the_epochs_before(home, monkeypatch):
    experiment = get("lenet5-plain", epochs=3)
    training.train(experiment, stop_after=1)

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(NotSaved, match="No space left"):
            training.train(experiment)
    assert checkpoints.load(experiment).epochs_done == 1
    assert training.train(experiment).complete


def test_a_state_of_other_pictures_is_refused(home):
    experiment = get("lenet5-plain", epochs=2)
    training.train(experiment, stop_after=1)
    state = checkpoints.load(experiment)
    state.dataset_fingerprint = "0" * 16
    checkpoints.save(experiment, state)
    with pytest.raises(ExplainerError, match="other pictures"):
        training.train(experiment)


def test_a_state_of_another_backend_is_refused(home):
    experiment = get("lenet5-plain", epochs=2)
    training.train(experiment, stop_after=1)
    state = checkpoints.load(experiment)
    assert state.backend == keras.backend.backend()
    state.backend = "other"
    checkpoints.save(experiment, state)
    message = "begun on other, and the backend is now .*KERAS_BACKEND=other .*--epochs 2 --again`"
    with pytest.raises(ExplainerError, match=message):
        training.train(experiment)
    assert checkpoints.load(experiment).epochs_done == 1
    # As it was before backends were kept.
    state.backend = None
    checkpoints.save(experiment, state)
    assert training.train(experiment).complete


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more"])
def test_a_damaged_state_is_named(home, content):
    path = checkpoints.folder(EXPERIMENT) / "state.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(ExplainerError, match=r"state\.npz cannot be read.*Delete it"):
        training.train(EXPERIMENT)


def test_wrong_number_of_epochs():
    with pytest.raises(ValueError, match=r"`stop_after` must be a positive integer. Received: 0"):
        training.train(EXPERIMENT, stop_after=0)


@pytest.mark.parametrize("size", [864, 900, 3456, 69_696])
def test_filters_fit_into_a_record(size):
    step = training._filter_step(size, 50)
    kept = {0, 50, *range(0, 51, step)}
    assert {0, 50} <= kept
    assert len(kept) * size <= training.FILTER_BYTES


@pytest.mark.skipif(platform.machine() != "x86_64", reason="oneDNN is of these processors")
def test_tensorflow_convolves_with_onednn():
    look = """
import cnn_explainer.training
from tensorflow.python.framework.test_util import IsMklEnabled
print(IsMklEnabled())
"""
    environment = {name: value for name, value in os.environ.items() if "ONEDNN" not in name}
    said = subprocess.run(
        [sys.executable, "-c", look], env=environment, check=True, capture_output=True, text=True
    )
    assert said.stdout.strip() == "True"


def test_on_jax(home):
    pytest.importorskip("jax", reason="JAX is not installed: `pip install jax` runs this test")
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    command = [sys.executable, "-m", "cnn_explainer", "train", "lenet5-plain", "--epochs", "2"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    record = runs.load("lenet5-plain", epochs=2)
    assert record.provenance.backend.startswith("jax")
    assert json.loads(record.model_dump_json())["provenance"]["keras"]


def test_judged_on_what_was_held_out(home):
    values = EXPERIMENT.model_dump() | {"held_out": 0.25, "recipe": {"epochs": 2}}
    states = []
    run = training.train(Experiment.model_validate(values), each_epoch=states.append)
    assert np.sum(run.confusion) == 64 and run.images_per_second == pytest.approx(
        192 / np.median(run.history.train_seconds)
    )
    assert states == [states[0]] * 2 and states[0].epochs_done == 2
