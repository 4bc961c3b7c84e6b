"""NumPy's layers against Keras, forward and backward, on random shapes; and every error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_explainer import layers

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

few = settings(max_examples=25, deadline=None)
dtypes = st.sampled_from([np.float32, np.float64])
batches = st.sampled_from([None, 1, 3])
seeds = st.integers(0, 999)
TOLERANCE = {"float32": 2e-4, "float64": 1e-10}


def array(seed, shape, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def by_keras(operation, seed, *inputs):
    """Give the output, a random gradient for it, and the gradients for the inputs."""
    inputs = [tf.constant(x) for x in inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        output = operation(*inputs)
    upstream = array(seed, output.shape, output.dtype.as_numpy_dtype)
    return output, upstream, tape.gradient(output, inputs, tf.constant(upstream))


def assert_close(ours, theirs):
    theirs = np.asarray(theirs)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    tolerance = TOLERANCE[theirs.dtype.name]
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@st.composite
def slides(draw):
    """Draw an image's size, a kernel's and its way; TensorFlow has no stride with dilation."""
    pair = st.tuples(st.integers(1, 3), st.integers(1, 3))
    size, steps = draw(pair), draw(pair)
    stride, dilation = draw(st.sampled_from([(steps, (1, 1)), ((1, 1), steps)]))
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, size, strict=True)]
    image = tuple(draw(st.integers(r, r + 6)) for r in reach)
    ends = st.tuples(*(st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)) for k in size))
    return image, size, stride, draw(st.sampled_from(["valid", "same"]) | ends), dilation


def pad(image, padding, value=0):
    """Do the padding that Keras has no name for."""
    if isinstance(padding, str):
        return image, padding
    return tf.pad(image, [[0, 0], *padding, [0, 0]], constant_values=value), "valid"


@few
@given(slides(), batches, st.integers(1, 3), st.integers(1, 3), dtypes, seeds)
def test_conv2d_is_that_of_keras(slide, batch, channels, filters, dtype, seed):
    size, window, stride, padding, dilation = slide
    image = array(seed, (batch or 1, *size, channels), dtype)
    kernel = array(seed + 1, (*window, channels, filters), dtype)
    bias = array(seed + 2, filters, dtype)

    def convolution(image, kernel, bias):
        image, name = pad(image, padding)
        return keras.ops.conv(image, kernel, stride, name, dilation_rate=dilation) + bias

    output, upstream, gradients = by_keras(convolution, seed + 3, image, kernel, bias)
    if batch is None:
        image, output, upstream, gradients[0] = image[0], output[0], upstream[0], gradients[0][0]
    way = {"stride": stride, "padding": padding, "dilation": dilation}
    assert_close(layers.conv2d(image, kernel, bias, **way), output)
    ours = layers.conv2d_gradients(upstream, image, kernel, **way)
    for mine, theirs in zip(ours, gradients, strict=True):
        assert_close(mine, theirs)


def keras_max(image, window, stride, padding):
    image, name = pad(image, padding, -np.inf)
    return keras.ops.max_pool(image, window, stride, name)


def keras_average(image, window, stride, padding):
    # Keras counts explicit padding as pixels; dividing by the padded ones' average undoes it.
    ones, name = pad(tf.ones_like(image), padding)
    sums = keras.ops.average_pool(pad(image, padding)[0], window, stride, name)
    return sums / keras.ops.average_pool(ones, window, stride, name)


@pytest.mark.parametrize(
    ("pool", "pool_gradient", "oracle"),
    [
        (layers.max_pool2d, layers.max_pool2d_gradient, keras_max),
        (layers.avg_pool2d, layers.avg_pool2d_gradient, keras_average),
    ],
    ids=["max", "average"],
)
@few
@given(slides(), batches, st.integers(1, 3), dtypes, seeds)
def test_pooling_is_that_of_keras(pool, pool_gradient, oracle, slide, batch, channels, dtype, seed):
    size, window, stride, padding, _ = slide
    image = array(seed, (batch or 1, *size, channels), dtype)
    output, upstream, (gradient,) = by_keras(
        lambda image: oracle(image, window, stride, padding), seed + 1, image
    )
    if batch is None:
        image, output, upstream, gradient = image[0], output[0], upstream[0], gradient[0]
    way = {"size": window, "stride": stride, "padding": padding}
    assert_close(pool(image, **way), output)
    assert_close(pool_gradient(upstream, image, **way), gradient)


@few
@given(batches, st.integers(1, 5), st.integers(1, 5), dtypes, seeds)
def test_dense_is_that_of_keras(batch, inputs, outputs, dtype, seed):
    x, weights = array(seed, (batch or 1, inputs), dtype), array(seed, (inputs, outputs), dtype)
    bias = array(seed + 1, outputs, dtype)
    output, upstream, gradients = by_keras(
        lambda x, w, b: keras.ops.matmul(x, w) + b, seed, x, weights, bias
    )
    if batch is None:
        x, output, upstream, gradients[0] = x[0], output[0], upstream[0], gradients[0][0]
    assert_close(layers.dense(x, weights, bias), output)
    ours = layers.dense_gradients(upstream, x, weights)
    for mine, theirs in zip(ours, gradients, strict=True):
        assert_close(mine, theirs)


@few
@given(st.sampled_from([(4,), (3, 4), (2, 3, 4)]), st.integers(-1, 0), dtypes, seeds)
def test_relu_and_softmax_are_those_of_keras(shape, axis, dtype, seed):
    x = array(seed, shape, dtype)
    output, upstream, (gradient,) = by_keras(keras.ops.relu, seed + 1, x)
    assert_close(layers.relu(x), output)
    assert_close(layers.relu_gradient(upstream, x), gradient)
    output, upstream, (gradient,) = by_keras(
        lambda x: keras.ops.softmax(x, axis=axis), seed + 1, 9 * x
    )
    assert_close(layers.softmax(9 * x, axis), output)
    assert_close(layers.softmax_gradient(upstream, 9 * x, axis), gradient)


@few
@given(st.sampled_from([(), (1,), (5,)]), st.integers(2, 6), dtypes, seeds)
def test_cross_entropy_is_that_of_keras(shape, classes, dtype, seed):
    logits = 9 * array(seed, (*shape, classes), dtype)
    labels = np.random.default_rng(seed).integers(classes, size=shape)
    with tf.GradientTape() as tape:
        given_logits = tf.constant(logits)
        tape.watch(given_logits)
        loss = keras.ops.mean(
            keras.ops.sparse_categorical_crossentropy(labels, given_logits, from_logits=True)
        )
    assert layers.cross_entropy(logits, labels) == pytest.approx(float(loss), rel=1e-4, abs=1e-6)
    assert_close(layers.cross_entropy_gradient(logits, labels), tape.gradient(loss, given_logits))


def test_cross_entropy_of_the_impossible_is_finite():
    assert layers.cross_entropy([1e4, 0.0], 1) == 1e4


def test_flatten_is_that_of_keras_and_its_gradient_undoes_it():
    images = array(0, (2, 3, 4, 5))
    assert_close(layers.flatten(images), keras.layers.Flatten(dtype="float64")(images))
    assert layers.flatten(images[0]).shape == (60,)
    np.testing.assert_array_equal(layers.flatten_gradient(layers.flatten(images), images), images)


@given(
    size=st.integers(1, 40),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 5),
    padding=st.integers(0, 6),
    dilation=st.integers(1, 3),
)
def test_output_size_is_dumoulin_and_visins(size, kernel, stride, padding, dilation):
    """Relationships 1 to 6 (no dilation) and 15 of "A guide to convolution arithmetic"."""
    i, k, s, p, d = size, kernel, stride, padding, dilation
    if i >= k:
        assert layers.output_size(i, k) == i - k + 1  # 1
        assert layers.output_size(i, k, s) == (i - k) // s + 1  # 5
    assert layers.output_size(i, k, padding=k - 1) == i + k - 1  # 4: full
    if k % 2:
        assert layers.output_size(i, k, padding=k // 2) == i  # 3: half
    if i + 2 * p >= k:
        assert layers.output_size(i, k, padding=p) == i - k + 2 * p + 1  # 2
        assert layers.output_size(i, k, s, p) == (i + 2 * p - k) // s + 1  # 6
    if i + 2 * p >= d * (k - 1) + 1:
        expected = (i + 2 * p - k - (k - 1) * (d - 1)) // s + 1
        assert layers.output_size(i, k, s, p, d) == expected  # 15
    assert layers.output_size(i, k, s, "same", d) == -(-i // s)


@few
@given(slides(), seeds)
def test_output_size_tells_the_size_of_conv2d(slide, seed):
    size, window, stride, padding, dilation = slide
    output = layers.conv2d(
        array(seed, (*size, 1)),
        array(seed, (*window, 1, 1)),
        stride=stride,
        padding=padding,
        dilation=dilation,
    )
    paddings = (padding, padding) if isinstance(padding, str) else padding
    expected = map(layers.output_size, size, window, stride, paddings, dilation)
    assert output.shape[:2] == tuple(expected)


def test_a_padding_can_be_written_in_several_ways():
    image, kernel = array(0, (6, 7, 2)), array(1, (3, 3, 2, 2))
    for short, long in [(1, ((1, 1), (1, 1))), ((0, 2), ((0, 0), (2, 2))), ("valid", 0)]:
        np.testing.assert_array_equal(
            layers.conv2d(image, kernel, padding=short), layers.conv2d(image, kernel, padding=long)
        )


def test_whole_numbers_stay_whole():
    image = np.arange(16, dtype=np.uint8).reshape(4, 4, 1)
    assert layers.conv2d(image, np.ones((2, 2, 1, 1), int))[..., 0].tolist()[0] == [10, 14, 18]
    pooled = layers.max_pool2d(image, 3, stride=2, padding=1)
    assert pooled.dtype == np.uint8
    assert pooled[..., 0].tolist() == [[5, 7], [13, 15]]
    assert layers.avg_pool2d(image)[..., 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    np.testing.assert_allclose(layers.softmax(np.array([0, 0], np.uint8)), [0.5, 0.5])


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, bool])
def test_sums_of_small_whole_numbers_do_not_wrap_around(dtype):
    pixels = np.full((4, 4, 3), 1 if dtype is bool else np.iinfo(dtype).max, dtype)
    kernel, largest = np.ones((3, 3, 3, 2), dtype), int(pixels.max())
    np.testing.assert_array_equal(layers.conv2d(pixels, kernel), np.full((2, 2, 2), 27 * largest))
    weights = np.ones((48, 2), dtype)
    np.testing.assert_array_equal(layers.dense(layers.flatten(pixels), weights), [48 * largest] * 2)
    assert layers.conv2d(pixels, kernel.astype(np.float32)).dtype == np.float32


@few
@given(slides(), st.sampled_from([np.uint8, np.int8, bool]), seeds)
def test_pooling_of_whole_numbers_is_that_of_floats(slide, dtype, seed):
    size, window, stride, padding, _ = slide
    draw = np.random.default_rng(seed)
    # The lowest numbers of their kind: what lies around the image is no higher.
    lowest = 0 if dtype is bool else np.iinfo(dtype).min
    image = (lowest + draw.integers(0, 2, (*size, 2))).astype(dtype)
    way = {"size": window, "stride": stride, "padding": padding}
    pooled = layers.max_pool2d(image, **way)
    assert pooled.dtype == dtype
    np.testing.assert_array_equal(pooled, layers.max_pool2d(image.astype(float), **way))
    upstream = array(seed, pooled.shape)
    np.testing.assert_array_equal(
        layers.max_pool2d_gradient(upstream, image, **way),
        layers.max_pool2d_gradient(upstream, image.astype(float), **way),
    )


def test_no_gradient_goes_to_the_padding():
    image = np.zeros((3, 3, 1), np.uint8)
    image[2, 2] = 5
    way, expected = {"size": 2, "stride": 2, "padding": 1}, [[1, 1, 0], [1, 0, 0], [0, 0, 1]]
    for low in (image, np.where(image > 0, 5.0, -np.inf)):
        gradient = layers.max_pool2d_gradient(np.ones((2, 2, 1)), low, **way)
        assert gradient[..., 0].tolist() == expected


def test_the_gradient_of_a_window_with_nan_goes_to_it():
    image = np.full((3, 3, 1), -np.inf)
    image[0, 0] = np.nan
    gradient = layers.max_pool2d_gradient(np.ones((2, 2, 1)), image, stride=2, padding=1)
    assert gradient[..., 0].tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_an_empty_batch_stays_empty():
    nothing = np.zeros((0, 6, 6, 2))
    assert layers.conv2d(nothing, np.zeros((3, 3, 2, 4))).shape == (0, 4, 4, 4)
    assert layers.max_pool2d(nothing).shape == (0, 3, 3, 2)
    assert layers.max_pool2d_gradient(np.zeros((0, 3, 3, 2)), nothing).shape == nothing.shape
    assert layers.flatten(nothing).shape == (0, 72)


@pytest.mark.parametrize(
    "operation",
    [
        lambda x: layers.conv2d(x, np.ones((2, 2, 1, 1))),
        lambda x: layers.max_pool2d(x, stride=1),
        lambda x: layers.avg_pool2d(x, stride=1),
    ],
)
def test_nan_reaches_every_window_that_saw_it_and_no_other(operation):
    image = np.zeros((3, 3, 1))
    image[0, 0] = np.nan
    assert np.isnan(operation(image))[..., 0].tolist() == [[True, False], [False, False]]


def test_nan_passes_through_the_rest():
    x = np.array([np.nan, 1.0])
    assert np.isnan(layers.relu(x)).tolist() == [True, False]
    assert np.isnan(layers.softmax(x)).all()
    assert np.isnan(layers.dense(x, np.ones((2, 1)))).all()
    assert np.isnan(layers.cross_entropy(x, 1))


IMAGE, KERNEL = np.zeros((6, 6, 2)), np.zeros((3, 3, 2, 4))
STRIDE = "`stride` must be a positive integer or a pair of them. Received: "
PADDING = '`padding` must be "valid", "same", an integer of at least 0, or a pair'


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.conv2d(IMAGE, KERNEL, stride=0), STRIDE + "0"),
        (lambda: layers.conv2d(IMAGE, KERNEL, stride=(1, -1)), STRIDE + "-1"),
        (lambda: layers.conv2d(IMAGE, KERNEL, stride=1.5), STRIDE + "1.5"),
        (lambda: layers.conv2d(IMAGE, KERNEL, stride=(1, 1, 1)), STRIDE + "(1, 1, 1)"),
        (lambda: layers.conv2d(IMAGE, KERNEL, dilation=0), "`dilation` must be a positive"),
        (lambda: layers.conv2d(IMAGE, KERNEL, padding=-1), PADDING),
        (lambda: layers.conv2d(IMAGE, KERNEL, padding="full"), PADDING),
        (lambda: layers.conv2d(IMAGE, KERNEL, padding=((1, 1), (1, -1))), PADDING),
        (lambda: layers.conv2d(IMAGE, KERNEL, padding=(1, 2, 3)), PADDING),
        (lambda: layers.conv2d(IMAGE[0], KERNEL), "`image` must have the shape (H, W, C) or"),
        (
            lambda: layers.conv2d(IMAGE, KERNEL[0]),
            "`kernel` must have the shape (height, width, 2,",
        ),
        (lambda: layers.conv2d(IMAGE[..., :1], KERNEL), "(height, width, 1, C_out)"),
        (lambda: layers.conv2d(IMAGE, KERNEL, np.zeros(3)), "`bias` must have the shape (4,)"),
        (
            lambda: layers.conv2d(IMAGE[:2], KERNEL),
            "`kernel` must not be larger than the padded image of 2. Received: 3",
        ),
        (
            lambda: layers.conv2d(IMAGE, KERNEL, padding=(1, 0), dilation=3),
            "`kernel` must not be larger than the padded image of 6. Received: 7",
        ),
        (
            lambda: layers.conv2d_gradients(IMAGE, IMAGE, KERNEL),
            "`gradient` must have the shape (4, 4, 4). Received: (6, 6, 2)",
        ),
        (lambda: layers.max_pool2d(IMAGE, 7), "`size` must not be larger than the padded image"),
        (lambda: layers.max_pool2d(IMAGE, 0), "`size` must be a positive integer"),
        (lambda: layers.max_pool2d(IMAGE, padding=2), "`padding` must be smaller than the window"),
        (lambda: layers.avg_pool2d(IMAGE[0]), "`image` must have the shape"),
        (lambda: layers.max_pool2d_gradient(IMAGE, IMAGE), "`gradient` must have the shape (3, 3"),
        (lambda: layers.avg_pool2d_gradient(IMAGE, IMAGE), "`gradient` must have the shape (3, 3"),
        (lambda: layers.dense(1.0, np.zeros((2, 3))), "`x` must have the shape (..., inputs)"),
        (lambda: layers.dense([1, 2], np.zeros((3, 4))), "`weights` must have the shape (2, out"),
        (lambda: layers.dense([1, 2], np.zeros((2, 4)), [0]), "`bias` must have the shape (4,)"),
        (lambda: layers.dense_gradients([1], [1, 2], np.zeros((2, 4))), "`gradient` must have"),
        (lambda: layers.flatten(IMAGE[0]), "`image` must have the shape"),
        (lambda: layers.flatten_gradient([0.0], IMAGE), "`gradient` must have the shape (72,)"),
        (lambda: layers.cross_entropy([0.0, 0.0], [1]), "`labels` must have the shape ()"),
        (lambda: layers.cross_entropy([0.0, 0.0], 2), "`labels` must be integers from 0 to 1"),
        (lambda: layers.cross_entropy([0.0, 0.0], 0.5), "`labels` must be integers from 0 to 1"),
        (lambda: layers.output_size(0, 1), "`size` must be a positive integer"),
        (
            lambda: layers.output_size(5, 3, 0),
            "`stride` must be a positive integer. Received: 0",
        ),
        (
            lambda: layers.output_size(32, (5, 5)),
            "`kernel` must be a positive integer. Received: (5, 5)",
        ),
        (
            lambda: layers.output_size(32, 5, dilation=(1, 1)),
            "`dilation` must be a positive integer. Received: (1, 1)",
        ),
        (lambda: layers.output_size(5, 7), "`kernel` must not be larger"),
    ],
)
def test_an_error_names_the_argument_the_rule_and_the_value(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)
    assert "Received: " in str(error.value)
