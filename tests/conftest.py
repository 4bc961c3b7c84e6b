"""What many tests need: a folder of the user's own, a small dataset, the real ones, a browser."""

import shutil

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


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium; Playwright brings none of its own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no Chromium here: `apt install chromium` brings it")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program)
        yield chromium
        chromium.close()
