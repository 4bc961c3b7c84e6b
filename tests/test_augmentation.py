"""The one map against Keras's three layers."""

import keras
import numpy as np
import pytest

from cnn_explainer.augmentation import RandomAffine, output_to_input
from cnn_explainer.cutout import GREY, Cutout

SIZE = 20
STRENGTHS = {"flip": True, "rotation": 0.1, "zoom": 0.1}
DRAWN = np.random.default_rng(3)
IMAGES = DRAWN.random((6, SIZE, SIZE, 3), np.float32)


def mapped(images, mirror, angle, zoom):
    maps = output_to_input(mirror, angle, zoom, images.shape[1:3])
    return np.asarray(keras.ops.image.affine_transform(images, maps, "bilinear", "reflect"))


def test_a_flip_is_exact():
    one, none = np.ones(6), np.zeros(6)
    np.testing.assert_allclose(mapped(IMAGES, -one, none, one), IMAGES[:, :, ::-1], atol=1e-5)
    np.testing.assert_allclose(mapped(IMAGES, one, none, one), IMAGES, atol=1e-5)


def test_a_rotation_is_the_one_of_keras():
    layer = keras.layers.RandomRotation(0.1, seed=1)
    drawn = layer.get_random_transformation(IMAGES)
    theirs = layer.transform_images(IMAGES, drawn)
    ours = mapped(IMAGES, np.ones(6), np.deg2rad(drawn["angle"]), np.ones(6))
    np.testing.assert_allclose(ours, np.asarray(theirs), atol=1e-4)


def test_a_zoom_is_the_one_of_keras():
    layer = keras.layers.RandomZoom(0.1, seed=1)
    drawn = layer.get_random_transformation(IMAGES)
    theirs = layer.transform_images(IMAGES, drawn)
    ours = mapped(IMAGES, np.ones(6), np.zeros(6), drawn["height_zoom"][:, 0])
    np.testing.assert_allclose(ours, np.asarray(theirs), atol=1e-4)


@pytest.mark.parametrize("height, width", [(20, 20), (13, 9), (1, 4)])
def test_a_fused_map_is_the_one_of_keras(height, width):
    pytest.importorskip("tensorflow")
    from cnn_explainer.warp import warped

    images = DRAWN.random((6, height, width, 2), np.float32)
    # Far enough that the reflection is reflected again.
    moves = (3 * height * DRAWN.uniform(-1, 1, 6), 3 * width * DRAWN.uniform(-1, 1, 6))
    maps = output_to_input(
        *(np.array([1, -1, 1, -1, 1, -1]), DRAWN.uniform(-2, 2, 6), DRAWN.uniform(0.5, 1.5, 6)),
        *((height, width), *moves),
    )
    theirs = np.asarray(keras.ops.image.affine_transform(images, maps, "bilinear", "reflect"))
    np.testing.assert_allclose(np.asarray(warped(images, maps)), theirs, atol=1e-4)


def test_all_at_once_is_one_after_the_other():
    # A smooth picture, so that interpolating twice differs little from interpolating once.
    y, x = np.mgrid[:64, :64] / 10
    smooth = np.stack([np.sin(x) + np.cos(y * 0.7) + np.sin(x * y / 9)] * 3, -1)[None]
    smooth = smooth.astype("float32")
    one, none = np.ones(1), np.zeros(1)
    turned = mapped(mapped(smooth, -one, none, one), one, none + 0.5, one)
    expected = mapped(turned, one, none, 0.93 * one)
    got = mapped(smooth, -one, none + 0.5, 0.93 * one)
    # At the corners the reflection is one of the original picture, not of a turned one.
    inner = np.s_[:, 16:-16, 16:-16]
    np.testing.assert_allclose(got[inner], expected[inner], atol=0.02)


def test_drawn_as_asked():
    count = 4000
    corner = np.zeros((count, 9, 9, 1), np.float32)
    corner[:, 4, 7] = 1  # three pixels right of the middle
    seen = np.asarray(RandomAffine(flip=True, seed=5)(corner, training=True))
    assert 0.47 < seen[:, 4, 1, 0].mean() < 0.53
    turned = np.asarray(
        RandomAffine(flip=True, rotation=0.1, zoom=0.1, seed=5)(corner, training=True)
    )
    y, x = (np.tensordot(turned[..., 0], axis, 2) for axis in np.mgrid[:9, :9] - 4.0)
    angles = np.rad2deg(np.arctan2(y, np.abs(x)))
    # Up to 36 degrees; the middle of four lit pixels lies a little off.
    assert 34 < angles.max() < 40 and -40 < angles.min() < -34 and abs(angles.mean()) < 1
    assert not np.allclose(turned[0], turned[1])


def test_turns_and_zooms_go_as_far_as_asked_and_know_nothing_of_each_other():
    """A blob at the right comes nearer to the middle where more of the picture is shown."""
    count, side, away = 1500, 41, 8
    y, x = np.mgrid[:side, :side] - side // 2
    blob = np.exp(-((y**2) + (x - away) ** 2) / 8)
    blobs = np.broadcast_to(blob[None, ..., None], (count, side, side, 1)).astype(np.float32)
    layer = RandomAffine(rotation=0.1, zoom=0.1, seed=5)
    seen = np.asarray(layer(blobs, training=True))[..., 0]
    down, right = (np.tensordot(seen, axis, 2) / seen.sum((1, 2)) for axis in (y, x))
    angles, zooms = np.rad2deg(np.arctan2(down, right)), away / np.hypot(down, right)
    assert 35 < angles.max() < 36.5 and -36.5 < angles.min() < -35
    assert 1.09 < zooms.max() < 1.11 and 0.89 < zooms.min() < 0.91
    assert abs(zooms.mean() - 1) < 0.01
    assert abs(np.corrcoef(angles, zooms)[0, 1]) < 0.1


def test_prediction_leaves_the_picture_alone():
    layer = RandomAffine(**STRENGTHS, seed=5)
    np.testing.assert_array_equal(np.asarray(layer(IMAGES)), IMAGES)


def test_the_seed_decides():
    first, same, other = (
        np.asarray(RandomAffine(flip=True, rotation=0.1, zoom=0.1, seed=s)(IMAGES, training=True))
        for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.allclose(first, other)


def test_shifts_are_by_whole_pixels_and_equally_frequent():
    lit = np.zeros((6000, 9, 9, 1), np.float32)
    lit[:, 4, 4] = 1
    moved = np.asarray(RandomAffine(shift=2, seed=5)(lit, training=True))[..., 0].mean(0)
    np.testing.assert_allclose(moved[2:7, 2:7], 1 / 25, atol=0.012)
    np.testing.assert_allclose(moved.sum(), 1, atol=1e-4)


def test_a_shift_looks_up_below_and_to_the_right():
    maps = output_to_input(np.ones(6), np.zeros(6), np.ones(6), (SIZE, SIZE), 3, 1)
    moved = np.asarray(keras.ops.image.affine_transform(IMAGES, maps, "bilinear", "reflect"))
    np.testing.assert_allclose(moved[:, :-3, :-1], IMAGES[:, 3:, 1:], atol=1e-5)


def test_a_cutout_is_a_grey_square_anywhere():
    images = np.zeros((20_000, 9, 12, 3), np.float32)
    layer = Cutout(4, seed=5)
    np.testing.assert_array_equal(np.asarray(layer(images)), images)
    # As in a training, where a step is traced once.
    tf = pytest.importorskip("tensorflow")
    painted = np.asarray(tf.function(layer)(images, training=True))
    assert set(np.unique(painted)) == {0, GREY}
    grey = painted[..., 0] == GREY
    assert (painted == GREY).all(-1).sum() == grey.sum()
    rows, columns = grey.any(2), grey.any(1)
    # A rectangle in one piece, whole where it does not end at the edge.
    np.testing.assert_array_equal(grey, rows[:, :, None] & columns[:, None])
    for sides in (rows, columns):
        assert (np.abs(np.diff(sides.astype(int))).sum(1) <= 2).all()
        inside = ~sides[:, 0] & ~sides[:, -1]
        assert (sides[inside].sum(1) == 4).all() and inside.mean() > 0.4
    # Each pixel in the middle is covered by the squares of the 16 places around it.
    np.testing.assert_allclose(grey.mean(0)[3:6, 3:9], 16 / (9 * 12), atol=0.02)


def test_a_cutout_must_have_a_side():
    with pytest.raises(ValueError, match=r"`side` must be a positive integer\. Received: 0"):
        Cutout(0, seed=1)


@pytest.mark.parametrize("name", ["rotation", "zoom", "shift"])
def test_bad_strengths(name):
    with pytest.raises(ValueError, match=rf"`{name}` must .* Received: -0.2"):
        RandomAffine(**{name: -0.2}, seed=1)
