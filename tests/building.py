"""Building a book as a reader does: in a process of its own, with warnings as errors."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

REPOSITORY = Path(__file__).parents[1]
COMMAND = [str(Path(sys.executable).with_name("jupyter-book")), "build", "book", "-W", "-n"]


@dataclass(frozen=True)
class Build:
    """How a build went."""

    status: int
    log: str

    @property
    def executed(self) -> list[str]:
        """The chapters whose cells were run."""
        found = re.findall(r"^(.*)\.md: Executing notebook", self.log, re.MULTILINE)
        return sorted(path.split("/book/")[-1] for path in found)


def extension(name: str) -> ModuleType:
    """A hook of the build, from the folder where the book's settings look for it."""
    sys.path.append(str(REPOSITORY / "book/_ext"))
    try:
        return import_module(name)
    finally:
        sys.path.pop()


def environment(**changes) -> dict[str, str]:
    """This process's variables with these changes."""
    return os.environ | {name: str(value) for name, value in changes.items()}


def build(folder: Path, **variables) -> Build:
    """Run `jupyter-book build` in this folder."""
    done = subprocess.run(
        [*COMMAND, "--keep-going"],
        cwd=folder,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1800,
    )
    return Build(done.returncode, done.stdout)


def files() -> list[str]:
    """What a fresh clone with all present changes would hold."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return [name for name in listed if name and os.path.lexists(REPOSITORY / name)]
