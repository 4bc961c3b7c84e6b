"""Loaded into a chapter's kernel: notes which files the cells read, ask for, list and import.

`cached_execution` starts the kernel with two variables. `CHAPTER_TRACE` is the file to write,
after each cell. `CHAPTER_ROOTS` is a JSON object of the folders to watch by name. A file's name
here is `root:path`; `root:path/` stands for a folder's listing. What was asked for in vain
is noted too: the chapter would be another if it were there.
"""

import hashlib
import json
import os
import sys
import threading
from importlib.util import source_from_cache
from pathlib import Path

EVENTS = frozenset(
    "open os.listdir os.scandir os.rename os.remove"
    " subprocess.Popen os.system os.exec os.posix_spawn os.fork os.forkpty".split()
)
"""The audit events that concern files; Python raises many others, and often."""
ABSENT = "absent"
FOLDER = "a folder"
LARGE = 8 * 2**20
"""From this size on, a file is told by its size and date: datasets would take seconds to hash."""


def describe(path: str, listing: bool) -> str:
    """What is at `path` now: two equal descriptions mean that nothing changed."""
    try:
        if listing:
            content = "\n".join(sorted(n for n in os.listdir(path) if n != "__pycache__")).encode()
        elif os.path.isdir(path):
            return FOLDER
        else:
            status = os.stat(path)
            if status.st_size >= LARGE:
                return f"{status.st_size} bytes, {status.st_mtime_ns}"
            content = Path(path).read_bytes()
    except OSError:
        return ABSENT
    return hashlib.sha256(content).hexdigest()


class Trace:
    """The files of some folders that this process has looked at, each as it was then."""

    def __init__(self, roots: dict[str, str]):
        self.roots = {name: os.path.join(os.path.abspath(root), "") for name, root in roots.items()}
        self.seen: dict[str, str] = {}
        self.written: set[str] = set()
        self._inside = threading.local()

    def hook(self, event: str, arguments: tuple) -> None:
        """The audit hook, which Python calls at each event."""
        if event not in EVENTS:
            return
        match event, arguments:
            case "open", (path, _, flags):
                self._note(path, written=bool(flags & (os.O_WRONLY | os.O_RDWR)))
            case "os.listdir" | "os.scandir", (path,):
                # Python's own import lists folders that the chapter did not ask for.
                if not sys._getframe(1).f_code.co_filename.startswith("<frozen importlib"):
                    self._note(path, listing=True)
            case "os.rename", (source, target, *_):
                self._note(source, written=True)
                self._note(target, written=True)
            case "os.remove", (path, *_):
                self._note(path, written=True)
            case (("os.fork" | "os.forkpty"), _):
                # `!command` in a cell; what it reads cannot be seen from here.
                self._note_everything()
            case _, (*command,):
                if "cnn" in str(command[:2]):
                    self._note_everything()

    def dump(self) -> dict[str, str]:
        """What was seen. What the chapter wrote itself is described as it is now."""
        for path in self.written:
            self._describe_again(path, listing=False)
            self._describe_again(os.path.dirname(path), listing=True)
        return dict(sorted(self.seen.items()))

    def _key(self, path: str, listing: bool) -> str | None:
        for name, root in self.roots.items():
            if path.startswith(root) or path + os.sep == root:
                relative = path[len(root) :].replace(os.sep, "/")
                return f"{name}:{relative}{'/' if listing else ''}"
        return None

    def _note(self, path, *, listing: bool = False, written: bool = False) -> None:
        if not isinstance(path, str | bytes | os.PathLike) or getattr(self._inside, "on", False):
            return
        path = os.path.abspath(os.fsdecode(path))
        key = self._key(path, listing)
        if key is None:
            return
        if path.endswith(".pyc"):
            path = source_from_cache(path)
            key = self._key(path, listing)
        if written:
            self.written.add(path)
        if key not in self.seen:
            self.seen[key] = self._describe(path, listing)

    def _note_everything(self) -> None:
        for root in self.roots.values():
            for folder, _, names in os.walk(root):
                if os.path.basename(folder) != "__pycache__":
                    self._note(folder, listing=True)
                    for name in names:
                        self._note(os.path.join(folder, name))

    def _describe(self, path: str, listing: bool) -> str:
        # Reading the file to describe it is an event itself.
        self._inside.on = True
        try:
            return describe(path, listing)
        finally:
            self._inside.on = False

    def _describe_again(self, path: str, listing: bool) -> None:
        key = self._key(path, listing)
        if key in self.seen:
            self.seen[key] = self._describe(path, listing)

    def watch_stat(self) -> None:
        """Note what is only asked for (`Path.exists`) too: it is no audit event."""
        stat = os.stat

        def noting_stat(path, *arguments, **options):
            self._note(path)
            return stat(path, *arguments, **options)

        for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
            able.add(noting_stat)
        os.stat = noting_stat


def load_ipython_extension(shell) -> None:
    """Called by IPython when the kernel starts."""
    trace = Trace(json.loads(os.environ["CHAPTER_ROOTS"]))
    target = Path(os.environ["CHAPTER_TRACE"])

    def write(result=None):
        target.write_text(json.dumps(trace.dump()), "utf-8")

    write()
    sys.addaudithook(trace.hook)
    trace.watch_stat()
    shell.events.register("post_run_cell", write)
