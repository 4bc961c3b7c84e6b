"""Where the user's own things lie, and how they are written so that nothing is lost."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

import platformdirs
from pydantic import BaseModel, ValidationError

from .errors import DamagedRecord, NotSaved, RecordNotFound, first_fault


def user_folder() -> Path:
    """`CNN_EXPLAINER_HOME`, or the system's folder for an application's data."""
    home = os.environ.get("CNN_EXPLAINER_HOME")
    if not home:
        return platformdirs.user_data_path("cnn-explainer")
    return Path(home).expanduser().absolute()


Value = TypeVar("Value", bound=BaseModel)


def read_value(kind: type[Value], *paths: Path, absent: str) -> Value:
    """The value in the first of these files that is there, as JSON.

    Raises `RecordNotFound`, which says `absent`, if none is; `DamagedRecord` if it cannot be read.
    """
    for path in paths:
        try:
            return kind.model_validate_json(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise DamagedRecord(path, str(error.strerror)) from None
        except ValidationError as error:
            raise DamagedRecord(path, first_fault(error)) from None
    raise RecordNotFound(absent)


def stems(*folders: Path) -> tuple[str, ...]:
    """The names of the JSON files in these folders, without `.json`, each once."""
    return tuple(sorted({path.stem for folder in folders for path in folder.glob("*.json")}))


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
