"""Where a search is kept while it goes on: a folder, or a bucket, that all nodes reach.

Ray Tune keeps its books there, and each trial its state after its last epoch. The states are not
Ray Tune's checkpoints, because it removes the old ones before its books say so: killed in
between, it would look for what is gone.
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .. import checkpoints
from ..errors import ExplainerError, NothingToResume
from ..runs import History
from .space import Space

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem


NAMELESS = {"winner": None}
"""What a space calls its winner makes no other search of it."""


def place_of(space: Space, storage: str | Path, resume: bool) -> str:
    """The folder of this search in the storage, with the space in it.

        place_of(space, "/shared", False)      -> "/shared/lenet5-ray"
        place_of(space, "s3://mine/a", True)   -> "s3://mine/a/lenet5-ray"

    Raises `NothingToResume` if `resume` is set and no search was begun there; `ExplainerError` the
    other way round, and if the search that was begun is one of another space. Its winner may get
    another name meanwhile: its own may be taken.
    """
    from ray import tune

    if "://" not in str(storage):
        storage = Path(storage).absolute()
    place = f"{storage}/{space.name}-ray"
    begun = tune.Tuner.can_restore(place)
    if resume and not begun:
        raise NothingToResume(f"there is no search to resume in {place}")
    if begun and not resume:
        raise ExplainerError(
            f"in {place} lies a search that was not finished: --resume goes on with it. Or delete"
            " that folder"
        )
    files, path = _files(place, "space.json")
    text = space.model_dump_json(exclude_unset=True).encode()
    if not begun:
        files.create_dir(path.rpartition("/")[0])
        with files.open_output_stream(path) as file:
            file.write(text)
    with files.open_input_stream(path) as file:
        if json.loads(file.read()) | NAMELESS != json.loads(text) | NAMELESS:
            raise ExplainerError(
                f"the search in {place} is one of another space: give the file, --trials and"
                " --max-epochs that it was begun with. Or delete that folder"
            )
    return place


def put(place: str, trial: str, state: Path) -> None:
    """Let a trial's state take the place of the one before, whole or not at all."""
    from pyarrow.fs import copy_files

    files, path = _files(place, f"{trial}/state.npz")
    files.create_dir(path.rpartition("/")[0])
    copy_files(str(state), f"{path}.part", destination_filesystem=files)
    files.move(f"{path}.part", path)


def get(place: str, trial: str, state: Path) -> None:
    """Fetch a trial's state, if an earlier process has left one."""
    from pyarrow.fs import copy_files

    files, path = _files(place, f"{trial}/state.npz")
    state.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        copy_files(path, str(state), source_filesystem=files)


def history(place: str, trial: str) -> History | None:
    """Of all epochs that a trial has kept; `None` if there is not one."""
    files, path = _files(place, f"{trial}/state.npz")
    with suppress(FileNotFoundError), files.open_input_file(path) as file:
        return History(**checkpoints.history(file))
    return None


def _files(place: str, name: str) -> "tuple[FileSystem, str]":
    from pyarrow.fs import FileSystem

    return FileSystem.from_uri(f"{place}/{name}")
