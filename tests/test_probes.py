import numpy as np
import pytest
from PIL import Image
from samples import CLASSES

from cnn_explainer import probes
from cnn_explainer.errors import ImageUnreadable


@pytest.fixture
def photo(tmp_path):
    """A file with the left half red and the right half blue, in a mode and format."""

    def make(mode="RGB", name="photo.png", size=(40, 20), **options):
        picture = Image.new("RGB", size, "red")
        picture.paste("blue", (size[0] // 2, 0, *size))
        path = tmp_path / name
        picture.convert(mode).save(path, **options)
        return path

    return make


@pytest.mark.parametrize("draw", probes.PROBES.values(), ids=probes.PROBES)
@pytest.mark.parametrize("size", [1, 32, 65])
def test_a_drawing_has_the_size_asked_for_and_is_always_the_same(draw, size):
    picture = draw(size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, draw(size))


@pytest.mark.parametrize("draw", probes.PROBES.values(), ids=probes.PROBES)
def test_a_drawing_is_the_same_scene_at_every_size(draw):
    large, small = draw(128).astype(float), draw(32)
    averaged = large.reshape(32, 4, 32, 4, 3).mean((1, 3))
    assert np.abs(averaged - small).mean() < 4


def test_the_scenes_have_the_colours_of_what_they_show():
    def colour(picture, rows, columns):
        return picture[rows, columns].reshape(-1, 3).mean(0)

    sky = colour(probes.aeroplane(64), slice(0, 8), slice(0, 30))
    assert sky.argmax() == 2
    bloom = colour(probes.rose(64), slice(15, 40), slice(22, 42))
    leaves = colour(probes.rose(64), slice(50, 60), slice(14, 50))
    assert (bloom.argmax(), leaves.argmax()) == (0, 1)


def test_the_truth_is_a_class_of_the_dataset():
    for dataset, truth in probes.TRUTH.items():
        for probe, label in truth.items():
            assert probe in probes.PROBES
            assert label in CLASSES[dataset]


@pytest.mark.parametrize("size", [0, -3, 2.5, True, "32"])
def test_a_size_that_is_no_positive_integer_is_refused(size, photo):
    for make in (*probes.PROBES.values(), lambda size: probes.image(photo(), size)):
        with pytest.raises(ValueError, match=rf"`size` must be .* Received: {size!r}"):
            make(size)


@pytest.mark.parametrize(
    ("mode", "name"),
    [("RGB", "a.png"), ("RGB", "a.bmp"), ("RGBA", "a.png"), ("P", "a.png"), ("P", "a.gif"),
     ("CMYK", "a.tif")],
)  # fmt: skip
def test_every_mode_becomes_rgb(photo, mode, name):
    picture = probes.image(photo(mode, name), 10)
    assert picture.shape == (10, 10, 3)
    np.testing.assert_allclose(picture[:, 0], [[255, 0, 0]] * 10, atol=2)
    np.testing.assert_allclose(picture[:, 9], [[0, 0, 255]] * 10, atol=2)


@pytest.mark.parametrize(
    ("values", "expected"),
    [(np.array([[0, 65535]], np.uint16), [0, 255]), (np.array([[0, 1]], np.float32), [0, 255]),
     (np.array([[0, 0.5, 1]], np.float32), [0, 128, 255]), (np.array([[False, True]]), [0, 255])],
)  # fmt: skip
def test_deep_and_flat_greys_are_scaled(tmp_path, values, expected):
    path = tmp_path / "grey.tif"
    Image.fromarray(values.repeat(len(values[0]), 0)).save(path)
    np.testing.assert_array_equal(
        probes.image(path, len(expected))[0], np.repeat(expected, 3).reshape(-1, 3)
    )


def test_transparent_places_become_white(tmp_path):
    path = tmp_path / "ghost.png"
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(path)
    assert (probes.image(path, 4) == 255).all()


def test_a_picture_is_turned_upright(photo):
    exif = Image.Exif()
    exif[0x0112] = 3  # Orientation: upside down.
    picture = probes.image(photo(exif=exif), 10)
    np.testing.assert_array_equal(picture[0, 0], [0, 0, 255])


def test_of_an_animation_the_first_frame_counts(tmp_path):
    path = tmp_path / "film.gif"
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(probes.image(path, 4)[0, 0], [255, 0, 0])


def test_the_resize_is_bilinear(photo, tmp_path):
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(256, size=(30, 50, 3), dtype=np.uint8)).save(tmp_path / "n.png")
    with Image.open(tmp_path / "n.png") as file:
        expected = np.asarray(file.resize((13, 13), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(probes.image(tmp_path / "n.png", 13), expected)


def test_what_is_no_image_is_named(tmp_path, photo):
    text = tmp_path / "notes.jpg"
    text.write_text("not a picture")
    cut = photo(name="cut.png", size=(400, 400))
    cut.write_bytes(cut.read_bytes()[:200])
    for path, reason in [
        (text, "not an image of a known format"),
        (cut, "truncated"),
        (tmp_path / "absent.png", "No such file"),
        (tmp_path, "Is a directory"),
    ]:
        with pytest.raises(ImageUnreadable, match=reason) as error:
            probes.image(path, 8)
        assert str(path) in str(error.value)


@pytest.mark.parametrize("limit", [600, 300])
def test_a_picture_that_is_too_large_is_refused(photo, monkeypatch, limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(ImageUnreadable, match="decompression bomb"):
        probes.image(photo(), 8)  # 800 pixels: Pillow warns above the limit, raises above twice.
