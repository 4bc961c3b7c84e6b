"""What many tests need: a folder of the user's own, a small dataset, the real ones."""

import pytest
import tiny_data

from cnn_explainer import datasets


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty folder for the user's own records, weights and states."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("CNN_EXPLAINER_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """A dataset of 320 pictures under CIFAR-10's name; made once."""
    return tiny_data.prepare(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def tiny(tiny_folder, tmp_path, monkeypatch):
    """A copy of it, to be read and spoilt."""
    import shutil

    folder = tmp_path / "tfds"
    shutil.copytree(tiny_folder, folder)
    monkeypatch.setenv("TFDS_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def real_data():
    """Skips where the real datasets are not."""
    absent = [name for name in datasets.SOURCES if datasets.locate(name) is None]
    if absent:
        pytest.skip(f"{' and '.join(absent)} not here: `cnn-explainer data prepare` fetches them")
