"""Where the user's own things lie, and how they are written so that nothing is lost."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import platformdirs

from .errors import NotSaved


def user_folder() -> Path:
    """`CNN_EXPLAINER_HOME`, or the system's folder for an application's data."""
    home = os.environ.get("CNN_EXPLAINER_HOME")
    return Path(home) if home else platformdirs.user_data_path("cnn-explainer")


def write_atomically(path: Path, content: bytes | Callable[[BinaryIO], None]) -> None:
    """Write a file whole or not at all: beside its place first, then renamed.

    `content` is the bytes, or a function that writes them to an open file.
    Raises `NotSaved` if the disk is full or the folder cannot be written; what lay at `path`
    before is still there then.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            if callable(content):
                content(file)
            else:
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise NotSaved(f"{path} could not be written: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
