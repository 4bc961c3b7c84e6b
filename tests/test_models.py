"""The networks: the arithmetic of `architectures` against Keras, and both against the papers."""

import keras
import numpy as np
import pytest

from cnn_explainer import architectures, models
from cnn_explainer.experiments import Augmentation

PARAMETERS = {
    "base": 2_395_434,
    "lenet5": 62_006,
    "alexnet": 62_383_349,
    "vgg16": 134_281_029,
    "alexnet-imagenet": 62_378_344,
    "vgg16-imagenet": 138_357_544,
}


@pytest.mark.parametrize(("name", "count"), PARAMETERS.items())
def test_parameters_by_arithmetic(name, count):
    assert architectures.parameters(name) == count


def test_vgg16_is_keras_own():
    theirs = keras.applications.VGG16(weights=None)
    assert theirs.count_params() == PARAMETERS["vgg16-imagenet"]
    ours = [row for row in architectures.shapes("vgg16-imagenet") if row.parameters]
    assert [row.parameters for row in ours] == [
        layer.count_params() for layer in theirs.layers if layer.weights
    ]


@pytest.mark.parametrize("variant", architectures.VARIANTS)
@pytest.mark.parametrize("name", ["base", "lenet5", "alexnet"])
def test_shapes_are_keras_own(name, variant):
    model = models.build(name, variant)
    rows = {row.name: row for row in architectures.shapes(name, variant)}
    for layer_name, row in rows.items():
        layer = model.get_layer(layer_name)
        assert layer.output.shape[1:] == row.output_shape
        assert layer.count_params() == row.parameters
    assert model.count_params() == PARAMETERS[name]
    assert len(model.layers) == len(rows) + (1 if variant == "plain" else 2)


def test_published_layers():
    kernels = [
        (layer.filters, layer.size, layer.stride)
        for layer in architectures.ARCHITECTURES["alexnet"].blocks
        if isinstance(layer, architectures.Conv)
    ]
    assert kernels == [(96, 11, 4), (256, 5, 1), (384, 3, 1), (384, 3, 1), (256, 3, 1)]
    vgg = architectures.ARCHITECTURES["vgg16"].blocks
    assert sum(isinstance(layer, architectures.Conv) for layer in vgg) == 13


def test_dropout_variant_adds_one_layer_before_flatten():
    plain = [row.name for row in architectures.shapes("lenet5")]
    dropped = [row.name for row in architectures.shapes("lenet5", "augmented_dropout")]
    assert [name for name in dropped if name not in plain] == ["dropout1"]
    assert dropped.index("dropout1") == dropped.index("flatten") - 1


def test_multiply_adds_of_a_convolution_by_hand():
    conv1 = architectures.shapes("lenet5")[0]
    assert conv1.multiply_adds == 28 * 28 * 6 * 5 * 5 * 3


def test_rescaling_is_inside():
    model = models.build("lenet5")
    image = np.full((32, 32, 3), 255, np.uint8)
    maps = models.feature_maps(model, image)
    np.testing.assert_allclose(maps["rescaling"], 1)
    assert maps["conv1"].shape == (28, 28, 6)
    np.testing.assert_allclose(
        maps["dense3"], model.predict(image[None].astype("float32"), verbose=0)[0], rtol=1e-5
    )


def test_augmentation_and_dropout_do_nothing_in_prediction():
    model = models.build("lenet5", "augmented_dropout")
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype("float32")
    first, second = (models.feature_maps(model, image)["dense3"] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_seed_decides_the_weights():
    one, same, other = (models.build("lenet5", seed=seed).get_weights() for seed in (1, 1, 2))
    for a, b in zip(one, same, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(one, other, strict=True))


def test_layers_draw_from_different_seeds():
    kernels = [w for w in models.build("vgg16", image_size=32).get_weights() if w.ndim == 4]
    assert kernels[5].shape == kernels[6].shape
    assert (kernels[5] != kernels[6]).mean() > 0.99


def test_sixteen_bits_keep_float32_weights_and_probabilities():
    model = models.build("lenet5", precision="mixed_bfloat16")
    assert {w.dtype for w in model.weights} == {"float32"}
    assert model.layers[-1].compute_dtype == "float32"
    assert model.get_layer("conv1").compute_dtype == "bfloat16"


def test_base_keeps_its_dense_layer_short():
    constraint = models.build("base").get_layer("dense1").kernel_constraint
    assert constraint.max_value == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "lenet"}, r"`name` must be one of base, lenet5.*Received: 'lenet'"),
        ({"name": "lenet5", "variant": "big"}, r"`variant` must be one of plain.*Received: 'big'"),
        ({"name": "vgg16", "image_size": 16}, "kernel"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        models.build(**arguments)


def test_changed_layers_are_those_of_keras():
    changes = {"activation": "elu", "initializer": "he_normal", "dropout": 0.3, "hidden_units": 60}
    model = models.build("lenet5", "tuned", **changes)
    layers = {layer.name: layer.get_config() for layer in model.layers}
    hidden = [layers[name] for name in ("conv1", "conv2", "dense1", "dense2")]
    assert {each["activation"] for each in hidden} == {"elu"}
    assert layers["dense3"]["activation"] == "softmax"
    drawn = [each["kernel_initializer"]["class_name"] for each in (*hidden, layers["dense3"])]
    assert set(drawn) == {"HeNormal"}
    # 120 and 84 units became 60 and 42.
    assert [layers[f"dense{i}"]["units"] for i in (1, 2, 3)] == [60, 42, 10]
    assert layers["dropout1"]["rate"] == 0.3
    assert model.count_params() == architectures.parameters("lenet5", **changes)


def test_dropout_where_there_is_some_already():
    rates = [
        [row.layer.rate for row in architectures.shapes("base", dropout=rate) if "drop" in row.name]
        for rate in (None, 0.1, 0)
    ]
    assert rates == [[0.2] * 5, [0.1] * 5, []]
    assert "dropout1" not in [row.name for row in architectures.shapes("lenet5", dropout=0)]


def test_augmentation_of_its_own():
    model = models.build("lenet5", "tuned", augmentation=Augmentation(flip=True, shift=2))
    layer = model.get_layer("augmentation")
    assert (layer.flip, layer.shift, layer.rotation, layer.zoom) == (True, 2, 0, 0)
    both = models.build("lenet5", "tuned", augmentation=Augmentation(shift=2, cutout=8))
    assert [layer.name for layer in both.layers][:3] == ["rescaling", "augmentation", "cutout"]
    # Grey to the network, too, for which 255 is 1.
    black = both.layers[2](both.layers[0](np.zeros((9, 32, 32, 3))), training=True)
    assert set(np.unique(black)) == {0, 0.5}
    plain = models.build("lenet5", "tuned")
    assert not {"augmentation", "cutout"} & {layer.name for layer in plain.layers}


@pytest.mark.parametrize(
    "name, changes",
    [("lenet5", {}), ("base", {"dropout": 0.0}), ("base", {"dropout": 0.0, "activation": "gelu"})],
)
@pytest.mark.parametrize("count", [6, 5, 1])
def test_for_a_processor_the_gradients_are_the_same(name, changes, count):
    tf = pytest.importorskip("tensorflow")
    drawn = np.random.default_rng(count)
    images = drawn.uniform(0, 255, (count, 32, 32, 3)).astype("float32")
    labels = drawn.integers(10, size=count)
    found = []
    for for_processor in (False, True):
        model = models.build(name, for_processor=for_processor, **changes)

        @tf.function
        def step(model=model):
            with tf.GradientTape() as tape:
                answers = model(images, training=True)
                loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, answers))
            return answers, tape.gradient(loss, [each.value for each in model.trainable_variables])

        found.append(tf.nest.flatten(step()))
    for usual, quick in zip(*found, strict=True):
        np.testing.assert_allclose(quick, usual, rtol=1e-4, atol=1e-6)


def test_by_halves_an_answer_beyond_any_limit_is_corrected():
    tf = pytest.importorskip("tensorflow")
    model = models.build("lenet5", for_processor=True)
    bias = model.get_layer("dense3").bias
    # As after a step that was too long: the right class has a probability of 1e-26.
    bias.assign([60.0] + [0.0] * 9)

    @tf.function
    def slope(images, labels):
        with tf.GradientTape() as tape:
            answers = model(images, training=True)
            loss = keras.losses.sparse_categorical_crossentropy(labels, answers)
        return tape.gradient(loss, bias.value)

    found = slope(tf.zeros((2, 32, 32, 3)), tf.constant([1, 1]))
    np.testing.assert_allclose(found[:2], [2, -2], atol=1e-3)


def test_by_halves_each_half_is_augmented_in_its_own_way():
    model = models.build("lenet5", "augmented", for_processor=True)
    image = np.random.default_rng(1).uniform(0, 255, (1, 32, 32, 3)).astype("float32")
    pair = np.repeat(image, 2, axis=0)
    first, second = np.asarray(model(pair, training=True))
    assert not np.allclose(first, second)
    np.testing.assert_allclose(*np.asarray(model(pair)), atol=1e-6)


@pytest.mark.parametrize(
    "quick, padding",
    [("FoldedConv2D", "valid"), ("FoldedConv2D", "same"), ("ShiftedConv2D", "same")],
)
@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("height, width", [(12, 8), (7, 10), (8, 11), (9, 9)])
def test_a_quicker_convolution_has_the_same_answers_and_gradients(
    height, width, size, quick, padding
):
    pytest.importorskip("tensorflow")
    from cnn_explainer import folded, shifted

    drawn = np.random.default_rng(height + size)
    images = drawn.normal(size=(2, height, width, 3)).astype("float32")
    found = [
        _answers_and_gradients(
            kind(4, size, padding=padding, activation="relu", kernel_initializer=_counted), images
        )
        for kind in (keras.layers.Conv2D, getattr({"F": folded, "S": shifted}[quick[0]], quick))
    ]
    for usual, quicker in zip(*found, strict=True):
        np.testing.assert_allclose(quicker, usual, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size, stride", [(11, 4), (3, 2), (4, 2), (2, 3), (1, 2)])
@pytest.mark.parametrize("height, width", [(27, 31), (12, 29), (11, 15)])
def test_in_blocks_the_answers_and_gradients_are_the_same(height, width, size, stride):
    pytest.importorskip("tensorflow")
    from cnn_explainer.strided import StridedConv2D

    drawn = np.random.default_rng(height + size)
    images = drawn.normal(size=(2, height, width, 3)).astype("float32")
    usual, blocks = (
        _answers_and_gradients(
            kind(4, size, stride, activation="relu", kernel_initializer=_counted), images
        )
        for kind in (keras.layers.Conv2D, StridedConv2D)
    )
    for one, other in zip(usual, blocks, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-4)


def _answers_and_gradients(layer, images):
    import tensorflow as tf

    images = tf.constant(images)
    layer.build(images.shape)
    with tf.GradientTape() as tape:
        tape.watch(images)
        answers = layer(images)
        loss = tf.reduce_sum(answers**2)
    return [answers, *tape.gradient(loss, [images, *layer.trainable_variables])]


def test_small_maps_in_sixteen_bits_are_shifted():
    kinds = {
        precision: {
            layer.name
            for layer in models.build("alexnet", precision=precision, for_processor=True).layers
            if type(layer).__name__ == "ShiftedConv2D"
        }
        for precision in ("float32", "mixed_bfloat16")
    }
    assert kinds == {"float32": set(), "mixed_bfloat16": {"conv3", "conv4", "conv5"}}


@pytest.mark.parametrize("name", ["tanh", "elu", "silu", "gelu"])
@pytest.mark.parametrize("precision, near", [("float32", 1e-5), ("bfloat16", 2**-7)])
@pytest.mark.parametrize("compiled", [True, False])
def test_a_fused_activation_is_that_of_keras(name, precision, near, compiled):
    tf = pytest.importorskip("tensorflow")
    from cnn_explainer.fused import fused

    activate = tf.function(fused(name)) if compiled else fused(name)

    drawn = np.random.default_rng(1).normal(scale=3, size=(2, 5, 7, 3))
    values, upstream = tf.cast(drawn, precision), tf.cast(drawn[::-1], precision)
    with tf.GradientTape() as tape:
        tape.watch(values)
        outputs = activate(values)
    slopes = tape.gradient(outputs, values, upstream)
    assert outputs.dtype == slopes.dtype == values.dtype
    # Keras's own, in 32 bits, of what was given.
    wide = tf.cast(values, "float32")
    with tf.GradientTape() as tape:
        tape.watch(wide)
        exact = keras.activations.get(name)(wide)
    np.testing.assert_allclose(tf.cast(outputs, "float32"), exact, rtol=near, atol=near)
    expected = tape.gradient(exact, wide, tf.cast(upstream, "float32"))
    np.testing.assert_allclose(tf.cast(slopes, "float32"), expected, rtol=near, atol=near)


def test_without_xla_an_activation_is_the_same(monkeypatch):
    tf = pytest.importorskip("tensorflow")
    from cnn_explainer import fused

    values = tf.constant([-2.0, 0.5, 3.0])
    compiled = tf.function(fused.fused("gelu"))(values)
    assert fused.has_xla()

    def refuse(*arguments, **options):
        raise tf.errors.UnimplementedError(None, None, "no XLA here")

    fused.has_xla.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(fused.tf, "function", lambda *_, **__: refuse)
        assert not fused.has_xla()
    np.testing.assert_allclose(tf.function(fused.fused("gelu"))(values), compiled, rtol=1e-5)
    fused.has_xla.cache_clear()


@pytest.mark.parametrize("scale", [0.01, 1])
def test_a_max_norm_is_that_of_keras(scale):
    from cnn_explainer.max_norm import MaxNorm

    # Under the limit of 2 all of them, or only some.
    kernel = np.random.default_rng(1).normal(size=(20, 9)) * np.linspace(0, scale, 9)
    limited = np.asarray(MaxNorm(2)(keras.ops.convert_to_tensor(kernel, "float32")))
    usual = np.asarray(keras.constraints.MaxNorm(2)(kernel.astype("float32")))
    np.testing.assert_allclose(limited, usual, rtol=1e-4)
    with pytest.raises(ValueError, match=r"`limit` must be positive\. Received: 0"):
        MaxNorm(0)


def _counted(shape, dtype=None):
    """Weights no two of which are alike, so that one in a wrong place is seen."""
    return np.sin(np.arange(np.prod(shape))).reshape(shape).astype(dtype or "float32")
