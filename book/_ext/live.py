"""Show the book on this machine, and each page anew as soon as it is saved: `make live`.

The first build is a whole one. From then on only the saved page is read and written, so that it
is there within seconds; a number or a title of it that other pages show, they show after the next
`make book`, which then reads every page again.
"""

import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from jupyter_book.sphinx import build_sphinx

from playground import POLICY

REPOSITORY = Path(__file__).parents[2]
BOOK, BUILD = REPOSITORY / "book", REPOSITORY / "_build"
HTML, UNFINISHED = BUILD / "html", BUILD / ".unfinished"
PORT = 8000
LOOK_EVERY = 0.3
"""Seconds."""
RELOAD = b"""<script>
{ const ask = () => fetch("/.written").then((answer) => answer.text());
  let first;
  setInterval(async () => { const now = await ask(); if (now !== (first ??= now)) location.reload(); }, 500); }
</script>"""  # noqa: E501


class Handler(SimpleHTTPRequestHandler):
    """Serves the site; its pages ask whether they were written again."""

    written = "0"

    def do_GET(self):
        """Give a file, or the time at which a page was last written."""
        path = Path(self.translate_path(self.path))
        if path.is_dir() and self.path.endswith("/"):
            path /= "index.html"
        if self.path == "/.written":
            self._give(Handler.written.encode(), "text/plain")
        elif path.suffix == ".html" and path.is_file():
            # With the policy of a live network's page, it could not ask.
            page = path.read_bytes().replace(POLICY.encode(), b"")
            self._give(page + RELOAD, "text/html; charset=utf-8")
        else:
            super().do_GET()

    def _give(self, content: bytes, kind: str):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Nothing."""


def pages() -> dict[Path, int]:
    """When each page was last saved."""
    return {path: path.stat().st_mtime_ns for path in BOOK.rglob("*.md")}


def build(*saved: Path) -> None:
    """Read and write these pages alone; without any, all that are not up to date.

    What is wrong with them is told, and nothing stops.
    """
    if saved:
        # The mark would make this build read every page; the next whole build is to do so.
        UNFINISHED.unlink(missing_ok=True)
    build_sphinx(
        BOOK,
        HTML,
        noconfig=True,
        path_config=REPOSITORY / "_config.yml",
        confoverrides={
            "external_toc_path": str(REPOSITORY / "_toc.yml"),
            "latex_individualpages": False,
            "suppress_warnings": ["notebook"],
        },
        filenames=[str(path) for path in saved],
        quiet=bool(saved),
    )
    UNFINISHED.touch()


def follow() -> None:
    """Build what is saved, until Ctrl-C."""
    known = pages()
    while True:
        time.sleep(LOOK_EVERY)
        now = pages()
        saved = [path for path in now if now[path] != known.get(path)]
        known = now
        if saved:
            began = time.monotonic()
            build(*saved)
            Handler.written = str(time.time())
            names = ", ".join(path.relative_to(BOOK).as_posix() for path in saved)
            print(f"{names}: {time.monotonic() - began:.1f} s", flush=True)


def main() -> None:
    """Build, serve and follow."""
    handler = partial(Handler, directory=str(HTML))
    # Before the build takes its minutes.
    try:
        server = ThreadingHTTPServer(("127.0.0.1", PORT), handler)
    except OSError as error:
        sys.exit(f"Port {PORT} cannot be had, is `make live` running already? {error}")
    with server:
        build()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{PORT}/index.html; Ctrl-C ends it.", flush=True)
        try:
            follow()
        except KeyboardInterrupt:
            server.shutdown()


if __name__ == "__main__":
    main()
