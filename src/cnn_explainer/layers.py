"""The layers of a convolutional network, in NumPy alone."""


def output_size(size, kernel, stride=1, padding="valid", dilation=1):
    """Return how many places a kernel takes along an axis (Dumoulin & Visin 2016, relation 15)."""
    if padding == "same":
        return -(-size // stride)
    before, after = (
        (0, 0) if padding == "valid" else (padding, padding) if isinstance(padding, int) else padding
    )
    reach = dilation * (kernel - 1) + 1
    if reach > size + before + after:
        raise ValueError(
            f"`kernel` must not be larger than the padded image. Received: a kernel that spans {reach}, "
            f"an image padded to {size + before + after}"
        )
    return (size + before + after - reach) // stride + 1
