"""First weights from the pictures: what comes out of a layer is uncorrelated, whatever goes in."""

import keras
import numpy as np
import pytest
from keras import layers

from cnn_explainer import models, training
from cnn_explainer.experiments import Experiment, Recipe, get
from cnn_explainer.whitening import PICTURES, whiten


def drawn(count=60, size=20):
    """Pictures that are smooth, as photographs are: neighbours have most in common."""
    noise = np.random.default_rng(0).normal(size=(count, size, size, 3))
    smooth = sum(np.roll(noise, (i, j), (1, 2)) for i in range(3) for j in range(3))
    return (128 + 20 * smooth + 40 * noise[:, :1, :1, :1]).clip(0, 255).astype("uint8")


def network(*chain, size=20):
    """The layers, and before them what all networks have: the division by 255."""
    return keras.Sequential([keras.Input((size, size, 3)), layers.Rescaling(1 / 255), *chain])


def outputs(model, layer, images):
    """What a layer gives before its activation, `(places, units)`."""
    layer.activation = keras.activations.linear
    values = keras.Model(model.inputs[0], layer.output).predict(images, verbose=0)
    return values.reshape(-1, values.shape[-1])


@pytest.mark.parametrize(
    ("filters", "size", "step", "padding"),
    [(6, 5, 1, "valid"), (8, 3, 1, "same"), (4, 2, 2, "valid")],
)
def test_the_outputs_of_a_convolution_are_uncorrelated(filters, size, step, padding):
    first = layers.Conv2D(filters, size, step, padding, activation="relu")
    model, images = network(first, layers.Flatten(), layers.Dense(4)), drawn()
    whiten(model, images)
    values = outputs(model, first, images)
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(np.cov(values.T), np.eye(filters), atol=0.05)


def test_the_first_direction_is_light():
    first = layers.Conv2D(3, 3)
    whiten(network(first, layers.Flatten(), layers.Dense(4)), drawn())
    light, *others = np.moveaxis(np.asarray(first.kernel), -1, 0)
    assert light.min() > 0
    assert all(each.min() < 0 for each in others)


def test_units_beyond_the_directions_have_the_other_sign_and_then_what_was_drawn():
    first = layers.Conv2D(8, 1)
    model, images = network(first, layers.Flatten(), layers.Dense(4)), drawn()
    before = np.asarray(first.kernel)[0, 0]
    whiten(model, images)
    kernel = np.asarray(first.kernel)[0, 0]
    np.testing.assert_array_equal(kernel[:, 3:6], -kernel[:, :3])
    ratios = kernel[:, 6:] / before[:, 6:]
    np.testing.assert_allclose(ratios, ratios[:1].repeat(3, axis=0), rtol=1e-4)
    values = outputs(model, first, images)
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(values.std(axis=0), 1, atol=0.01)


def test_too_few_pictures_tell_no_directions():
    dense = layers.Dense(5)
    model, images = network(layers.Flatten(), dense, layers.Dense(4)), drawn()
    before = np.asarray(dense.kernel)
    whiten(model, images)
    ratios = np.asarray(dense.kernel) / before
    np.testing.assert_allclose(ratios, ratios[:1].repeat(len(ratios), axis=0), rtol=1e-4)
    values = outputs(model, dense, images)
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(values.std(axis=0), 1, atol=1e-3)


@pytest.mark.parametrize("for_processor", [False, True])
def test_each_layer_sees_what_those_before_it_make_of_the_pictures(for_processor):
    model = models.build("lenet5", activation="elu", for_processor=for_processor)
    images = drawn(500, 32)
    last = np.asarray(model.layers[-1].kernel)
    whiten(model, images)
    np.testing.assert_array_equal(model.layers[-1].kernel, last)
    plain = models.build("lenet5", activation="elu")
    plain.set_weights(model.get_weights())
    for name in ("conv1", "conv2", "dense1", "dense2"):
        layer = plain.get_layer(name)
        activation = layer.activation
        values = outputs(plain, layer, images.astype("float32"))
        layer.activation = activation
        np.testing.assert_allclose(values.mean(axis=0), 0, atol=0.02)
        np.testing.assert_allclose(values.std(axis=0), 1, atol=0.15)


def test_pictures_that_are_all_the_same_break_nothing():
    model = models.build("lenet5")
    whiten(model, np.full((500, 32, 32, 3), 7, "uint8"))
    assert all(np.isfinite(each).all() for each in model.get_weights())


def test_only_the_first_pictures_are_looked_at():
    images = drawn(PICTURES + 100, 32)
    one, other = (models.build("lenet5") for _ in range(2))
    whiten(one, images)
    whiten(other, np.concatenate([images[:PICTURES], 255 - images[PICTURES:]]))
    for ours, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_training_begins_with_them_and_goes_on_without(tiny, home, monkeypatch):
    recipe = Recipe(epochs=2, batch_size=64, learning_rate=0.01, whitened=True)
    fast = Experiment(
        model="lenet5", variant="own", dataset="cifar10", image_size=32, recipe=recipe
    )
    model = training.compiled(fast, "float32", 256)
    whiten(model, training.pictures(fast).train.images)
    half = training.train(fast, stop_after=1)
    kernel = np.asarray(model.get_layer("conv1").kernel)
    np.testing.assert_array_equal(half.filters.kernels[0], kernel.astype("float16"))
    # Begun, it is not begun again.
    monkeypatch.setattr("cnn_explainer.whitening.whiten", None)
    assert training.train(fast).epochs_done == 2
    assert get(fast, epochs=3).key != get(fast).key
