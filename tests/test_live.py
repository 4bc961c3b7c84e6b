"""`make live`: every page asks whether it was written again, and is allowed to."""

import socket
import threading
import urllib.request
from functools import partial
from http.server import ThreadingHTTPServer

import pytest
from building import extension

live, playground = extension("live"), extension("playground")


@pytest.fixture
def served(tmp_path):
    """A site with two pages, and its address."""
    for name, policy in {"index.html": "", "playground.html": playground.POLICY}.items():
        (tmp_path / name).write_text(f"<!doctype html><head>{policy}</head><p>Page</p>")
    handler = partial(live.Handler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("path", ["/", "/index.html", "/playground.html"])
def test_a_page_asks_and_may(served, path):
    page = urllib.request.urlopen(served + path).read()
    assert page.endswith(live.RELOAD)
    assert b"Content-Security-Policy" not in page


@pytest.mark.parametrize("path", ["/", "/playground.html"])
def test_a_page_that_was_written_again_is_loaded_again(browser, served, path, monkeypatch):
    page = browser.new_page()
    page.goto(served + path)
    with page.expect_response("**/.written"):
        pass
    with page.expect_navigation():
        monkeypatch.setattr(live.Handler, "written", "1")
    page.close()


def test_a_port_that_is_taken_is_said_before_the_build(monkeypatch):
    monkeypatch.setattr(live, "build", lambda: pytest.fail("It was built."))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(live, "PORT", taken.getsockname()[1])
        with pytest.raises(SystemExit) as end:
            live.main()
    assert f"Port {live.PORT} " in str(end.value)
