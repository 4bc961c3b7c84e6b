"""Decisions from a pool, against what dropout promises."""

import keras
import numpy as np
import pytest

from cnn_explainer.dropout import Dropout

INPUTS = np.random.default_rng(1).uniform(1, 2, (32, 40, 50)).astype("float32")


def test_leaves_out_that_share_and_keeps_the_mean():
    layer = Dropout(0.2, seed=4)
    factors = np.stack([np.asarray(layer(INPUTS, training=True)) / INPUTS for _ in range(40)])
    np.testing.assert_allclose(np.unique(factors.round(5)), [0, 1.25])
    left_out = factors == 0
    # Five standard errors of a share of 64,000 decisions, and of 40 of them for one unit.
    assert np.abs(left_out.mean((1, 2, 3)) - 0.2).max() < 5 * np.sqrt(0.16 / 64_000)
    assert left_out.mean(0).std() == pytest.approx(np.sqrt(0.16 / 40), rel=0.05)


def test_units_pictures_and_steps_are_decided_apart():
    layer = Dropout(0.2, seed=4)
    steps = np.stack([np.asarray(layer(INPUTS, training=True)) == 0 for _ in range(8)])
    for axis in range(4):
        one, other = steps.take(0, axis).ravel(), steps.take(1, axis).ravel()
        assert abs(np.corrcoef(one, other)[0, 1]) < 5 / np.sqrt(one.size)


def test_the_gradient_goes_where_the_numbers_went():
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("the gradient is asked of TensorFlow")
    layer, inputs = Dropout(0.5, seed=4), tf.constant(INPUTS)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, training=True)
    gradient = tape.gradient(outputs, inputs)
    np.testing.assert_allclose(gradient, outputs / inputs, rtol=1e-5)


def test_prediction_leaves_the_inputs_alone():
    np.testing.assert_array_equal(np.asarray(Dropout(0.2, seed=4)(INPUTS)), INPUTS)


def test_works_in_sixteen_bits_and_with_a_last_smaller_batch():
    layer = Dropout(0.2, seed=4, dtype="mixed_bfloat16")
    for count in (32, 7):
        outputs = layer(INPUTS[:count], training=True)
        assert outputs.dtype == "bfloat16" and outputs.shape == INPUTS[:count].shape


@pytest.mark.parametrize("known", [True, False])
def test_a_batch_may_be_larger_than_the_pool(monkeypatch, known):
    """A hundred times a pool of ten rows; in a graph the number of rows may not be known."""
    monkeypatch.setattr("cnn_explainer.dropout.LARGEST_BATCH", 10)
    monkeypatch.setattr("cnn_explainer.dropout.SMALLEST_POOL", 1)
    layer, ones = Dropout(0.2, seed=4), np.ones((1000, 4096), "float32")
    layer.build(ones.shape)
    step = lambda: layer(ones, training=True)  # noqa: E731
    if not known:
        tf = pytest.importorskip("tensorflow")
        if keras.backend.backend() != "tensorflow":
            pytest.skip("shapes are always known, but in TensorFlow's graphs")
        graph = tf.function(
            lambda inputs: layer(inputs, training=True),
            input_signature=[tf.TensorSpec((None, 4096))],
        )
        # What fits, fits as before.
        assert graph(ones[:7]).shape == (7, 4096)
        step = lambda: graph(ones)  # noqa: E731
    first, second = (np.asarray(step()) == 0 for _ in range(2))
    # Five standard errors of a share of the pool's decisions.
    assert abs(first.mean() - 0.2) < 5 * np.sqrt(0.16 / 40_960)
    assert len(np.unique(first, axis=0)) == 1000
    assert (first != second).any()


def test_the_seed_decides_and_the_place_is_part_of_the_state():
    first, same = Dropout(0.2, seed=4), Dropout(0.2, seed=4)
    np.testing.assert_array_equal(
        np.asarray(first(INPUTS, training=True)), np.asarray(same(INPUTS, training=True))
    )
    # As a resumed training does: a fresh layer, with the generator's state put back.
    resumed = Dropout(0.2, seed=4)
    resumed.build(INPUTS.shape)
    for variable, value in zip(resumed.variables, first.variables, strict=True):
        variable.assign(value)
    np.testing.assert_array_equal(
        np.asarray(first(INPUTS, training=True)), np.asarray(resumed(INPUTS, training=True))
    )


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5])
def test_bad_rate(rate):
    with pytest.raises(ValueError, match=rf"`rate` must be .* Received: {rate}"):
        Dropout(rate, seed=1)
