"""An epoch as one program is Keras's epoch."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import numpy as np

from cnn_explainer import datasets, training
from cnn_explainer.experiments import get

rng = np.random.default_rng(0)
experiment = get("lenet5-augmented_dropout")
# The last of the steps has five pictures.
images = rng.integers(256, size=(37, 32, 32, 3), dtype=np.uint8)
pictures = training.tensors(datasets.Split(images, rng.integers(10, size=37)))
at_once, by_keras = (training.compiled(experiment, "float32", 37) for _ in range(2))
for epoch in range(2):
    found = training.fit_epoch(experiment, epoch, at_once, pictures)
    order = np.random.default_rng((experiment.seed, epoch)).permutation(37)
    batches = training.batches(pictures, experiment.recipe.batch_size, order)
    expected = by_keras.fit(batches, shuffle=False, verbose=0).history
    for name, (value,) in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5)
assert at_once.optimizer.iterations == 4


def same():
    for ours, theirs in zip(at_once.variables, by_keras.variables, strict=True):
        if "accuracy" not in ours.path and "loss" not in ours.path:
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


same()
training.warm_up(experiment, at_once, pictures)
same()

# After a step that was far too long, no limit hides how wrong the answers are: they are corrected.
kernel = at_once.layers[-1].kernel
kernel.assign(1e5 * np.asarray(kernel))
before = np.asarray(kernel)
found = training.fit_epoch(experiment, 2, at_once, pictures)
assert 100 < found["loss"] < np.inf, found
assert np.abs(np.asarray(kernel) - before).max() > 0.01
"""


def test_its_steps_are_those_of_fit():
    pytest.importorskip("jax", reason="JAX is not installed: `pip install jax` runs this test")
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
