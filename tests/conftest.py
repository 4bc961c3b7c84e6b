"""What many tests need: a folder of the user's own, a small dataset, the real ones, a browser."""

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import tiny_data
from building import REPOSITORY, build, files

from cnn_explainer import datasets, export

WITH_THE_BOOK = ("test_book.py", "test_browser.py")
LONGEST = (*WITH_THE_BOOK, "test_sweep.py", "test_hooks.py", "test_training.py")
"""They come first, so that at the end no process waits for another's last long file."""


def pytest_collection_modifyitems(items):
    """Put what takes longest first."""
    items.sort(key=lambda item: [*LONGEST, item.path.name].index(item.path.name))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Two files at a time; those that need the built book share a process, and one build."""
    from xdist.scheduler import LoadScopeScheduling

    class Files(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            name = nodeid.split("::")[0]
            return "book" if name.endswith(WITH_THE_BOOK) else name

    # As they are, and not those of most tests first.
    config.option.loadscopereorder = False
    return Files(config, log)


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
def live_models(tmp_path_factory):
    """The networks of the live pages, as the build writes them; made once, not to be changed."""
    folder = tmp_path_factory.mktemp("live") / "models"
    export.export_all(folder)
    return folder


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium, for which no host exists but this machine."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no Chromium here: `apt install chromium` brings it")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        hosts = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
        chromium = driver.chromium.launch(
            executable_path=program, args=[f"--host-resolver-rules={hosts}"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def show(browser, tmp_path):
    """Put figures on a page of their own, as a notebook would; an error of theirs is the test's."""
    pages, errors = [], []

    def on_a_page(*figures):
        path = tmp_path / "page.html"
        body = "".join(figure._repr_html_() for figure in figures)
        path.write_text(
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Figures</title>'
            f"<main><h1>Figures</h1>{body}</main></html>",
            encoding="utf-8",
        )
        page = browser.new_page()
        pages.append(page)
        page.on("pageerror", lambda error: errors.append(error))
        page.goto(path.as_uri())
        return page

    yield on_a_page
    for page in pages:
        page.close()
    assert errors == []


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """The book in a fresh copy of the repository, built with no dataset and no network.

    Gives the copy's folder and the variables to build it again.
    """
    folder = tmp_path_factory.mktemp("book") / "CNN Erklärer"
    for name in files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, target, follow_symlinks=False)
    nobody = tmp_path_factory.mktemp("nobody")
    variables = {
        "HOME": nobody,
        "CNN_EXPLAINER_HOME": nobody / "own",
        "CNN_EXPLAINER_OFFLINE": "1",
        "TFDS_DATA_DIR": nobody / "no data",
        # The copy's package, and not the installed one.
        "PYTHONPATH": folder / "src",
    }
    result = build(folder, **variables)
    assert result.status == 0, result.log[-6000:]
    return folder, variables


@pytest.fixture(scope="session")
def site(book):
    """The built site's folder."""
    return book[0] / "_build/html"


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_):
        """Nothing."""


@pytest.fixture(scope="session")
def address(site):
    """Where the built site is served, on this machine alone."""
    handler = partial(QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
