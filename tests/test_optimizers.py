"""Our SGD against Keras's."""

import keras
import numpy as np
import pytest

from cnn_explainer.experiments import Recipe
from cnn_explainer.optimizers import SGD, Linear, optimizer


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("momentum", [0.9, 0.0])
def test_the_same_as_keras(momentum, nesterov):
    drawn = np.random.default_rng(1)
    shapes = [(3, 3, 2, 4), (4,), (20, 5)]
    start = [drawn.normal(size=shape).astype("float32") for shape in shapes]
    steps = [[drawn.normal(size=shape).astype("float32") for shape in shapes] for _ in range(6)]
    ends = []
    for kind in (keras.optimizers.SGD, SGD):
        variables = [keras.Variable(value) for value in start]
        optimizer = kind(0.05, momentum, nesterov)
        for gradients in steps:
            optimizer.apply([keras.ops.convert_to_tensor(g) for g in gradients], variables)
        ends.append([np.asarray(v) for v in [*variables, *optimizer.variables]])
    for ours, theirs in zip(*ends, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    assert not np.allclose(ends[0][0], start[0])


def test_weights_in_sixteen_bits_are_updated_in_thirty_two():
    layer = keras.layers.Dense(3, dtype="mixed_bfloat16")
    layer.build((None, 4))
    before = np.asarray(layer.kernel)
    optimizer = SGD(0.001, 0.9, True)
    gradient = keras.ops.ones((4, 3), "bfloat16")
    optimizer.apply([gradient, gradient[0]], layer.trainable_variables)
    np.testing.assert_allclose(np.asarray(layer.kernel), before - 0.0019, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "nadam", "rmsprop"])
def test_every_optimizer_goes_downhill(name):
    place = keras.Variable([3.0, -2.0])
    chosen = optimizer(Recipe(optimizer=name, learning_rate=0.01), 32)
    chosen.apply([keras.ops.convert_to_tensor([1.0, -1.0])], [place])
    moved = np.asarray(place) - [3, -2]
    assert moved[0] < 0 < moved[1]


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "nadam", "rmsprop"])
def test_weight_decay_shrinks_beside_the_gradient(name):
    def moved(decay):
        place = keras.Variable([3.0, -2.0])
        chosen = optimizer(Recipe(optimizer=name, learning_rate=0.01, weight_decay=decay), 32)
        chosen.apply([keras.ops.convert_to_tensor([0.0, 0.0])], [place])
        return np.asarray(place)

    np.testing.assert_allclose(moved(0.5), [3 * (1 - 0.005), -2 * (1 - 0.005)], rtol=1e-6)
    usual = {"adamw": 0.004}.get(name, 0)
    np.testing.assert_allclose(moved(None), [3 * (1 - 0.01 * usual), -2 * (1 - 0.01 * usual)])


def test_the_rate_over_time():
    def rates(schedule):
        # 91 images in batches of 10, the last of which has one, 20 epochs: 200 steps.
        recipe = Recipe(schedule=schedule, learning_rate=0.5, batch_size=10, epochs=20)
        chosen = optimizer(recipe, 91)
        seen = []
        for step in range(201):
            chosen.iterations.assign(step)
            seen.append(float(chosen.learning_rate))
        return np.array(seen)

    assert np.allclose(rates("constant"), 0.5)
    down = 0.5 * (1 + np.cos(np.pi * np.arange(201) / 200)) / 2
    np.testing.assert_allclose(rates("cosine"), down, atol=1e-6)
    once = rates("one_cycle")
    np.testing.assert_allclose(once[:41], 0.5 * np.arange(41) / 40, atol=1e-6)
    down = 0.5 * (1 + np.cos(np.pi * np.arange(161) / 160)) / 2
    np.testing.assert_allclose(once[40:], down, atol=1e-6)
    line = rates("linear")
    np.testing.assert_allclose(
        line, np.interp(np.arange(201), [0, 20, 200], [0, 0.5, 0]), atol=1e-6
    )


def test_a_rate_along_lines_is_made_again_from_its_settings():
    rate = Linear(0.5, 200)
    again = Linear.from_config(rate.get_config())
    assert [float(again(step)) for step in (0, 20, 110)] == pytest.approx([0, 0.5, 0.25])
