"""The errors that a user can cause, under one base class, so that the command line can catch them.

Wrong arguments raise `ValueError` as everywhere in Python; these are for what lies outside
the program: files, datasets, other processes, a network that does not learn.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class ExplainerError(Exception):
    """Something that the user can understand and mend; the message says how."""


class DatasetUnavailable(ExplainerError):
    """No copy of a dataset on this machine, and none to be fetched."""


class RecordNotFound(ExplainerError):
    """No record of this experiment, neither the user's own nor a shipped one."""


class DamagedRecord(ExplainerError):
    """A file that is no valid record; says which file and what is wrong with it."""

    def __init__(self, path: Path | str, reason: str):
        super().__init__(f"{path} is not a record that can be read: {reason}")


def first_fault(error: "ValidationError") -> str:
    """Where a file's first fault is, and what it is: `seed: Field required (and 2 more faults)`."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    more = f" (and {error.error_count() - 1} more faults)" if error.error_count() > 1 else ""
    return f"{place}: {first['msg']}{more}".lstrip(": ")


class NothingToResume(ExplainerError):
    """No search was begun that could be gone on with."""


class TrainingDiverged(ExplainerError):
    """The loss became NaN or infinite."""


class TrainingInProgress(ExplainerError):
    """Another process is training the same experiment."""


class NotSaved(ExplainerError):
    """The disk is full, or a folder cannot be written."""


class ImageUnreadable(ExplainerError):
    """A file that is not an image."""
