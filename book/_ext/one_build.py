"""One build at a time in a folder; after one that did not end well, every page is read again.

Sphinx trusts what an earlier build left behind, whole or not, and a warning that was given once
is not given again for a page that did not change. So a mark lies in the build folder from a
build's first moment until it has ended without an error or a warning. While it lies there, the
next build forgets what Sphinx remembers. The chapters' outputs have a cache of their own.
"""

from pathlib import Path

from filelock import FileLock, Timeout
from sphinx.application import ENV_PICKLE_FILENAME
from sphinx.errors import ExtensionError


def setup(app):
    """Connect to Sphinx."""
    folder = Path(app.outdir).parent
    lock = FileLock(folder / ".building.lock")
    unfinished = folder / ".unfinished"

    def begin(app, config):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise ExtensionError(
                f"another build is running in {folder}. Wait until it has ended, or build in"
                " another copy"
            ) from None
        if unfinished.exists():
            Path(app.doctreedir, ENV_PICKLE_FILENAME).unlink(missing_ok=True)
        unfinished.touch()

    def end(app, exception):
        if exception is None and not app._warncount:
            unfinished.unlink(missing_ok=True)
        lock.release()

    # First of all, and last of all, that other hooks do.
    app.connect("config-inited", begin, priority=0)
    app.connect("build-finished", end, priority=1000)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
