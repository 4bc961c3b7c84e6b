"""The datasets, on a small one in the same layout, and on the real ones where they are."""

import time

import numpy as np
import pytest
import tiny_data

from cnn_explainer import datasets, notes
from cnn_explainer.errors import DatasetUnavailable


def test_tiny_pictures_come_back_as_they_are(tiny):
    data = datasets.load("cifar10")
    images, labels = tiny_data.pictures(256, seed=0)
    np.testing.assert_array_equal(data.train.images, images)
    np.testing.assert_array_equal(data.train.labels, labels)
    assert data.train.images.dtype == np.uint8
    assert (len(data.train), len(data.test)) == (256, 64)
    assert data.classes[0] == "airplane"
    assert "copy" in data.origin


def test_pictures_are_resized_to_what_a_model_asks_for(tiny):
    data = datasets.load("cifar10", 16)
    assert data.test.images.shape == (64, 16, 16, 3)
    # Half the size, bilinear without antialiasing: the mean of the middle two by two.
    small = tiny_data.pictures(64, seed=1)[0].reshape(64, 16, 2, 16, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(data.test.images, small, atol=0.51)


def test_a_share_of_the_training_images_is_part_of_a_larger_share(tiny):
    data = datasets.load("cifar10")
    quarter, half = (data.reduced(share).train for share in (0.25, 0.5))
    assert (len(quarter), len(half)) == (64, 128)
    pictures = {
        image.tobytes(): label for image, label in zip(half.images, half.labels, strict=True)
    }
    for image, label in zip(quarter.images, quarter.labels, strict=True):
        assert pictures[image.tobytes()] == label
    assert data.reduced(1).train.images.tobytes() == data.train.images.tobytes()
    assert data.reduced(0.25).test is data.test


def test_the_same_pictures_are_drawn_on_every_machine():
    numbers = datasets.Split(np.arange(20), np.arange(20) % 5)
    data = datasets.Dataset("cifar10", "", (), numbers, numbers, "0" * 16, "")
    order = np.random.default_rng(42).permutation(20)
    assert data.reduced(0.25).train.images.tolist() == sorted(order[:5])
    held_out = data.held_out(0.25)
    assert held_out.train.images.tolist() == sorted(order[:15])
    assert held_out.test.images.tolist() == sorted(order[15:])


@pytest.mark.parametrize("share", [0, -1, 1.5])
def test_wrong_shares(tiny, share):
    with pytest.raises(ValueError, match=rf"`share` must be .* Received: {share}"):
        datasets.load("cifar10").reduced(share)


def test_fingerprint_follows_the_contents(tiny):
    place = datasets.locate("cifar10")
    before = datasets.fingerprint(place)
    assert before == datasets.load("cifar10").fingerprint
    with next(place.glob("*test.tfrecord*")).open("ab") as file:
        file.write(b"\0")
    assert datasets.fingerprint(place) != before


def test_flowers_are_cut_the_same_way_each_time():
    everything = datasets.Split(np.arange(3670), np.arange(3670) % 5)
    train, test = datasets._cut(everything)
    assert (len(train), len(test)) == (2569, 1101)
    assert not set(train.images) & set(test.images)
    order = np.random.default_rng(42).permutation(3670)
    np.testing.assert_array_equal(test.images, np.sort(order[:1101]))
    np.testing.assert_array_equal(train.images, np.sort(order[1101:]))
    # Drawn, not sliced off: every fifth of the data is in it about equally often.
    shares = np.histogram(test.images, 5, (0, 3670))[0] / len(test)
    np.testing.assert_allclose(shares, 0.2, atol=0.05)


@pytest.mark.parametrize("name", datasets.SOURCES)
def test_without_data_and_network_it_says_so_at_once(name, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CNN_EXPLAINER_OFFLINE", "1")
    began = time.monotonic()
    with pytest.raises(DatasetUnavailable, match=r"TFDS_DATA_DIR.*data prepare") as raised:
        datasets.load(name)
    assert time.monotonic() - began < 1
    assert str(tmp_path) in str(raised.value)


def test_a_source_that_does_not_answer(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("CNN_EXPLAINER_OFFLINE", raising=False)

    def refuse(request, timeout):
        assert timeout <= 5
        raise OSError("no route")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    with pytest.raises(DatasetUnavailable, match=r"does not answer \(no route\)"):
        datasets.load("cifar10")


def test_an_empty_setting_is_no_setting(monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", "")
    assert datasets.data_folder().name == "tensorflow_datasets"


def test_the_newest_version_counts(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    for version in ("3.0.2", "3.0.10"):
        (tmp_path / "cifar10" / version).mkdir(parents=True)
        (tmp_path / "cifar10" / version / "dataset_info.json").touch()
    assert datasets.locate("cifar10").name == "3.0.10"


def test_a_chapter_shows_a_note_and_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CNN_EXPLAINER_OFFLINE", "1")
    reached = False
    with notes.note_if_unavailable():
        datasets.load("cifar10")
        reached = True
    assert not reached
    html = notes._html(DatasetUnavailable("a < b"))
    assert "a &lt; b" in html
    assert 'class="cnn-note"' in html


def test_other_errors_go_through():
    with pytest.raises(ZeroDivisionError), notes.note_if_unavailable():
        1 / 0  # noqa: B018


@pytest.mark.parametrize("size", [0, -1, 2.5, "32"])
def test_wrong_sizes(size):
    with pytest.raises(ValueError, match="`image_size` must be a positive integer"):
        datasets.load("cifar10", size)


def test_unknown_dataset():
    with pytest.raises(ValueError, match="`name` must be one of cifar10, tf_flowers"):
        datasets.load("mnist")


@pytest.fixture
def real(real_data):
    """The real CIFAR-10 and flowers."""
    return real_data


def test_real_cifar10(real):
    data = datasets.load("cifar10")
    assert data.train.images.shape == (50_000, 32, 32, 3)
    assert data.test.images.shape == (10_000, 32, 32, 3)
    assert set(np.bincount(data.train.labels)) == {5000}
    assert set(np.bincount(data.test.labels)) == {1000}


def test_real_flowers(real):
    data = datasets.load("tf_flowers", 64)
    assert (len(data.train), len(data.test)) == (2569, 1101)
    counts = np.bincount(np.concatenate([data.train.labels, data.test.labels]))
    assert dict(zip(data.classes, counts, strict=True)) == {
        "dandelion": 898,
        "daisy": 633,
        "tulips": 799,
        "sunflowers": 699,
        "roses": 641,
    }


def test_what_is_held_out_is_neither_trained_on_nor_a_test_image(tiny):
    whole = datasets.load("cifar10")
    cut = whole.held_out(0.25)
    assert (len(cut.train), len(cut.test)) == (192, 64)
    rows = [{image.tobytes() for image in part.images} for part in (cut.train, cut.test)]
    assert not rows[0] & rows[1]
    assert rows[0] | rows[1] == {image.tobytes() for image in whole.train.images}
    np.testing.assert_array_equal(whole.held_out(0.25).test.images, cut.test.images)
    with pytest.raises(ValueError, match=r"`share` must be above 0 and below 1. Received: 0"):
        whole.held_out(0)
