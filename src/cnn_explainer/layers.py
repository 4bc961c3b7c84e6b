"""The layers of a convolutional network and their gradients, in NumPy alone.

Everything that slides (`conv2d`, `max_pool2d`, `avg_pool2d`) reads its arguments alike:

- `image` is `(H, W, C)`, or `(N, H, W, C)` for a batch of N; the output has the same rank.
- `kernel` is `(height, width, C_in, C_out)`.
- `stride`, `dilation` and `size` are a number of pixels, or a pair `(vertical, horizontal)`.
- `padding` is `"valid"` (none), `"same"` (with stride 1 the output is as large as the image;
  TensorFlow's rule, an odd pixel goes to the bottom and to the right), a number of pixels, a pair
  `(vertical, horizontal)`, or `((top, bottom), (left, right))`.

Each operation has its gradient below it. It takes first the `gradient` of the loss with respect
to the operation's output, then what the operation took, and gives the gradient of the loss with
respect to each input: the chain rule, one link at a time. So these functions can train a network.

An argument that breaks a rule raises a `ValueError` that names it. NaN is let through.
"""

from math import prod
from numbers import Integral
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def output_size(size, kernel, stride=1, padding="valid", dilation=1):
    """Count the places that a kernel takes along one axis of an image.

        output_size(32, 5)                          ->  28 = 32 - 5 + 1
        output_size(32, 5, padding="same")          ->  32
        output_size(227, 11, stride=4)              ->  55 = (227 - 11) // 4 + 1
        output_size(7, 3, padding=1, dilation=2)    ->   5 = (7 + 2 * 1) - (2 * (3 - 1) + 1) + 1

    All in pixels; along one axis a pair as `padding` is `(before, after)`.
    Dumoulin & Visin 2016, relationship 15.
    """
    given = {"size": size, "kernel": kernel, "stride": stride, "dilation": dilation}
    for name, value in given.items():
        _check_integer(name, value, "must be a positive integer")
    return _axis("kernel", size, kernel, stride, padding, dilation)[0]


def conv2d(image, kernel, bias=None, *, stride=1, padding="valid", dilation=1):
    """Slide kernels over an image; at each place, sum the products and add the bias.

        (32, 32, 3) and (5, 5, 3, 6)                      ->  (28, 28, 6)
        (32, 32, 3) and (5, 5, 3, 6), padding="same"      ->  (32, 32, 6)
        (8, 227, 227, 3) and (11, 11, 3, 96), stride=4    ->  (8, 55, 55, 96)

    The kernel is not flipped: strictly this is a cross-correlation, as in every library.

    **Input shape**: `image` `(..., H, W, C)`, `kernel` `(kh, kw, C, C_out)`, `bias` `(C_out,)`.
    **Output shape**: `(..., output_size(H, kh), output_size(W, kw), C_out)`.
    Goodfellow, Bengio & Courville 2016, equation 9.6.
    """
    image, kernel, slide = _convolution(image, kernel, stride, padding, dilation)
    output = np.tensordot(slide.windows(image), kernel, axes=3)
    return output if bias is None else output + _shaped("bias", bias, kernel.shape[3:])


def conv2d_gradients(gradient, image, kernel, *, stride=1, padding="valid", dilation=1):
    """Give the gradients of `conv2d` for its image, its kernel and its bias.

    (28, 28, 6), (32, 32, 3) and (5, 5, 3, 6)    ->  (32, 32, 3), (5, 5, 3, 6) and (6,)

    Goodfellow, Bengio & Courville 2016, equations 9.11 and 9.13.
    """
    image, kernel, slide = _convolution(image, kernel, stride, padding, dilation)
    gradient = slide.shaped(gradient, image, kernel.shape[3])
    windows_gradient = np.tensordot(gradient, kernel, axes=(-1, -1))
    return slide.add_up(windows_gradient, image), *_weight_gradients(gradient, slide.windows(image))


def max_pool2d(image, size=2, *, stride=None, padding="valid"):
    """Keep the largest value of each window, channel by channel; padding never wins.

        (28, 28, 6)                         ->  (14, 14, 6)
        (55, 55, 96), size=3, stride=2      ->  (27, 27, 96)

    Without a `stride` the windows lie side by side.

    **Input shape**: `(..., H, W, C)`.
    **Output shape**: `(..., output_size(H, size, stride), output_size(W, size, stride), C)`.
    Dumoulin & Visin 2016, chapter 3.
    """
    image, slide = _pooling(image, size, stride, padding)
    return slide.windows(image, _lowest(image)).max(axis=(-3, -2))


def max_pool2d_gradient(gradient, image, size=2, *, stride=None, padding="valid"):
    """Give each window's gradient to its largest pixel, the first of several equal ones.

    (14, 14, 6) and (28, 28, 6)    ->  (28, 28, 6)
    """
    image, slide = _pooling(image, size, stride, padding)
    gradient = slide.shaped(gradient, image, image.shape[-1])
    windows = slide.windows(image, _lowest(image))
    largest = (windows == windows.max(axis=(-3, -2), keepdims=True)) | np.isnan(windows)
    # A pixel can be as low as the padding, which is not to win even then.
    largest &= slide.windows(np.ones_like(image, bool))
    pixels = largest.reshape(*gradient.shape[:-1], prod(slide.size), gradient.shape[-1])
    winner = pixels.argmax(axis=-2)[..., None, :] == np.arange(prod(slide.size))[:, None]
    share = np.where(winner, gradient[..., None, :], 0)
    return slide.add_up(share.reshape(windows.shape), image)


def avg_pool2d(image, size=2, *, stride=None, padding="valid"):
    """Average each window, channel by channel; padding does not count.

        (28, 28, 6)             ->  (14, 14, 6)
        (7, 7, 512), size=7     ->  (1, 1, 512)

    Shapes and arguments as in `max_pool2d`. Dumoulin & Visin 2016, chapter 3.
    """
    image, slide = _pooling(image, size, stride, padding)
    return slide.windows(image).sum(axis=(-3, -2)) / slide.counts(image)


def avg_pool2d_gradient(gradient, image, size=2, *, stride=None, padding="valid"):
    """Share each window's gradient equally among its pixels.

    (14, 14, 6) and (28, 28, 6)    ->  (28, 28, 6)
    """
    image, slide = _pooling(image, size, stride, padding)
    share = slide.shaped(gradient, image, image.shape[-1]) / slide.counts(image)
    windows = slide.windows(image)
    return slide.add_up(np.broadcast_to(share[..., None, None, :], windows.shape), image)


def dense(x, weights, bias=None):
    """Connect every input with every output: a weighted sum for each output.

        (400,) and (400, 120)       ->  (120,)
        (8, 400) and (400, 120)     ->  (8, 120)

    **Input shape**: `x` `(..., inputs)`, `weights` `(inputs, outputs)`, `bias` `(outputs,)`.
    **Output shape**: `(..., outputs)`.
    Goodfellow, Bengio & Courville 2016, equation 6.3.
    """
    x, weights = _dense(x, weights)
    return x @ weights if bias is None else x @ weights + _shaped("bias", bias, weights.shape[1:])


def dense_gradients(gradient, x, weights):
    """Give the gradients of `dense` for its input, its weights and its bias.

    (8, 120), (8, 400) and (400, 120)    ->  (8, 400), (400, 120) and (120,)
    """
    x, weights = _dense(x, weights)
    gradient = _shaped("gradient", gradient, (*x.shape[:-1], weights.shape[1]))
    return gradient @ weights.T, *_weight_gradients(gradient, x)


def relu(x):
    """Replace what is negative by zero; the shape stays."""
    return np.maximum(x, 0)


def relu_gradient(gradient, x):
    """Let the gradient through where the input was positive."""
    return np.where(np.asarray(x) > 0, gradient, 0)


def flatten(image):
    """Write each image as one vector: row by row, pixel by pixel, channel by channel.

    (5, 5, 16)       ->  (400,)
    (8, 5, 5, 16)    ->  (8, 400)
    """
    image = _image(image)
    return image.reshape(*image.shape[:-3], prod(image.shape[-3:]))


def flatten_gradient(gradient, image):
    """Write each vector as an image again."""
    return _shaped("gradient", gradient, flatten(image).shape).reshape(np.shape(image))


def softmax(x, axis=-1):
    """Turn scores ("logits") into positive numbers whose sum along `axis` is one; the shape stays.

    softmax([0, 0])           ->  [0.5, 0.5]
    softmax([1000, 1001])     ->  [0.27, 0.73], the same as softmax([0, 1])

    Goodfellow, Bengio & Courville 2016, equation 6.29.
    """
    x = _floats(x)
    # The largest score becomes 0, so that `exp` cannot overflow; the quotient stays the same.
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def softmax_gradient(gradient, x, axis=-1):
    """Give the gradient of `softmax`: what raises one probability lowers the others."""
    p, gradient = softmax(x, axis), np.asarray(gradient)
    return p * (gradient - (p * gradient).sum(axis=axis, keepdims=True))


def cross_entropy(logits, labels):
    """Average `-log(softmax(logits)[label])`: how surprised the network is by the right answer.

    (8, 10) and (8,)    ->  one number, log(10) = 2.3 if all classes are equally likely

    **Input shape**: `logits` `(..., classes)`; `labels` `(...)`, integers from 0.
    Goodfellow, Bengio & Courville 2016, equation 6.30.
    """
    logits, one_hot = _labelled(logits, labels)
    # From the logits and not from the probabilities, which may be so small that they are 0.
    log_p = logits - logits.max(axis=-1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(axis=-1, keepdims=True))
    return -float(log_p[one_hot].mean())


def cross_entropy_gradient(logits, labels):
    """Give the gradient of `cross_entropy` for the logits: the probabilities minus the answer."""
    logits, one_hot = _labelled(logits, labels)
    return (softmax(logits) - one_hot) / np.size(labels)


class Slide(NamedTuple):
    """The way of a window over an image: (vertical, horizontal) each."""

    places: tuple[int, int]
    padding: tuple[tuple[int, int], tuple[int, int]]
    size: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]

    @classmethod
    def over(cls, image, size, stride, padding, dilation=1, *, name="size"):
        """Work out the way over an image; errors call the window `name`."""
        size, stride = _pair(name, size), _pair("stride", stride)
        padding, dilation = _pair("padding", padding), _pair("dilation", dilation)
        ways = zip(image.shape[-3:-1], size, stride, padding, dilation, strict=True)
        places, padding = zip(*(_axis(name, *way) for way in ways), strict=True)
        return cls(places, padding, size, stride, dilation)

    def windows(self, image, fill=0):
        """See each window of the padded image: `(..., *places, *size, C)`, nothing copied."""
        around = [(0, 0)] * (image.ndim - 3) + [*self.padding, (0, 0)]
        return self.view(np.pad(image, around, constant_values=fill))

    def view(self, padded, writeable=False):
        """See each window of an image that is padded already."""
        reach = [d * (k - 1) + 1 for d, k in zip(self.dilation, self.size, strict=True)]
        view = sliding_window_view(padded, reach, axis=(-3, -2), writeable=writeable)
        (down, right), (dy, dx) = self.stride, self.dilation
        return np.moveaxis(view[..., ::down, ::right, :, ::dy, ::dx], -3, -1)

    def add_up(self, windows, image):
        """Undo `windows` for gradients: a pixel gets the sum from all windows that saw it."""
        (top, bottom), (left, right) = self.padding
        *batch, height, width, channels = image.shape
        padded = np.zeros(
            (*batch, top + height + bottom, left + width + right, channels), windows.dtype
        )
        view = self.view(padded, writeable=True)
        # One pixel of the kernel at a time: that one never meets the same pixel of the image twice.
        for y, x in np.ndindex(*self.size):
            view[..., y, x, :] += windows[..., y, x, :]
        return padded[..., top : top + height, left : left + width, :]

    def counts(self, image):
        """Count the pixels of each window that are not padding: `(*places, 1)`."""
        ones = np.ones((*image.shape[-3:-1], 1), image.dtype)
        return self.windows(ones).sum(axis=(-3, -2))

    def shaped(self, gradient, image, channels):
        """Check that a gradient has the output's shape."""
        return _shaped("gradient", gradient, (*image.shape[:-3], *self.places, channels))


def _axis(name, length, kernel, stride, padding, dilation):
    """Work out one axis: the number of places, and the padding before and after."""
    for argument, value in ((name, kernel), ("stride", stride), ("dilation", dilation)):
        _check_integer(argument, value)
    reach = dilation * (kernel - 1) + 1
    if padding == "same":
        last = (-(-length // stride) - 1) * stride
        missing = max(last + reach - length, 0)
        before, after = missing // 2, missing - missing // 2
    else:
        before, after = (0, 0) if padding == "valid" else _pair("padding", padding)
        _check_integer("padding", before)
        _check_integer("padding", after)
    padded = before + length + after
    if reach > padded:
        raise _error(name, f"must not be larger than the padded image of {padded}", reach)
    return (padded - reach) // stride + 1, (before, after)


def _pair(name, value):
    """Read a pair; a single value holds for both."""
    pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(pair) != 2:
        raise _error(name, _rule(name), value)
    return pair


def _rule(name):
    if name == "padding":
        return 'must be "valid", "same", an integer of at least 0, or a pair (see the module)'
    return "must be a positive integer or a pair of them"


def _check_integer(name, value, rule=None):
    if not isinstance(value, Integral) or value < (0 if name == "padding" else 1):
        raise _error(name, rule or _rule(name), value)


def _convolution(image, kernel, stride, padding, dilation):
    image, kernel = _image(image), np.asarray(kernel)
    if kernel.ndim != 4 or kernel.shape[2] != image.shape[-1]:
        rule = f"must have the shape (height, width, {image.shape[-1]}, C_out) for this image"
        raise _error("kernel", rule, kernel.shape)
    slide = Slide.over(image, kernel.shape[:2], stride, padding, dilation, name="kernel")
    return image, _wide(kernel, image), slide


def _wide(weights, x):
    """Read whole weights in 64 bits where `x` is whole too: a sum of pixels' products needs more
    than the 8 bits of a pixel.
    """
    whole = np.result_type(weights, x).kind in "biu"
    return weights.astype(np.result_type(weights, np.int64)) if whole else weights


def _pooling(image, size, stride, padding):
    image = _image(image)
    slide = Slide.over(image, size, size if stride is None else stride, padding)
    for pixels, ends in zip(slide.size, slide.padding, strict=True):
        if max(ends) >= pixels:
            # Such a window would lie on padding alone, which has neither maximum nor average.
            raise _error("padding", f"must be smaller than the window of {pixels}", max(ends))
    return image, slide


def _dense(x, weights):
    x, weights = np.asarray(x), np.asarray(weights)
    if x.ndim == 0:
        raise _error("x", "must have the shape (..., inputs)", x.shape)
    if weights.ndim != 2 or weights.shape[0] != x.shape[-1]:
        rule = f"must have the shape ({x.shape[-1]}, outputs) for this input"
        raise _error("weights", rule, weights.shape)
    return x, _wide(weights, x)


def _labelled(logits, labels):
    """Read logits and labels, the labels as a mask of the logits' shape."""
    logits = _floats(logits)
    classes, labels = logits.shape[-1], _shaped("labels", labels, logits.shape[:-1])
    if labels.dtype.kind not in "iu" or np.any((labels < 0) | (labels >= classes)):
        raise _error("labels", f"must be integers from 0 to {classes - 1}", labels)
    return logits, labels[..., None] == np.arange(classes)


def _weight_gradients(gradient, x):
    """Give the gradients for weights and bias, summed over all the places that share them."""
    shared = tuple(range(gradient.ndim - 1))
    return np.tensordot(x, gradient, axes=(shared, shared)), gradient.sum(axis=shared)


def _image(image):
    image = np.asarray(image)
    if image.ndim not in (3, 4):
        raise _error("image", "must have the shape (H, W, C) or (N, H, W, C)", image.shape)
    return image


def _shaped(name, array, shape):
    array = np.asarray(array)
    if array.shape != shape:
        raise _error(name, f"must have the shape {shape}", array.shape)
    return array


def _floats(x):
    x = np.asarray(x)
    return x if x.dtype.kind == "f" else x.astype(float)


def _lowest(image):
    """Give the lowest value of the image's kind, which a maximum passes over."""
    if image.dtype.kind == "b":
        return False
    return -np.inf if image.dtype.kind == "f" else np.iinfo(image.dtype).min


def _error(name, rule, value):
    return ValueError(f"`{name}` {rule}. Received: {value!r}")
