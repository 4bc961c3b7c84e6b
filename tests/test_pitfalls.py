import keras
import numpy as np
import pytest

from cnn_explainer import models, pitfalls, probes


def test_unscaled_is_a_network_without_its_division():
    model = models.build("lenet5", seed=3)
    without = keras.Sequential(
        [layer for layer in model.layers if not isinstance(layer, keras.layers.Rescaling)]
    )
    pictures = np.stack([draw(32) for draw in probes.PROBES.values()])
    np.testing.assert_allclose(
        pitfalls.unscaled(model, pictures),
        without.predict(pictures.astype("float32"), verbose=0),
        rtol=1e-3,
        atol=1e-6,
    )


def test_stretched_bars_go_from_zero_to_one_whatever_the_network_says():
    np.testing.assert_allclose(pitfalls.stretched((0.2, 0.3, 0.5)), (0, 1 / 3, 1))
    np.testing.assert_allclose(pitfalls.stretched((0.32, 0.33, 0.35)), (0, 1 / 3, 1))


@pytest.mark.parametrize("classes", (5, 10))
def test_who_knows_nothing_has_nothing_to_stretch(classes):
    assert pitfalls.stretched([1 / classes] * classes).tolist() == [0] * classes
