"""That no experiment loses its name to the winner of another search."""

from ..errors import ExplainerError
from ..experiments import found
from ..files import user_folder
from . import record
from .space import Space


def check(space: Space) -> None:
    """Make sure, before anything is trained, that the winner may have its name.

        check(read("lenet5.yaml"))     -> the search that `lenet5-tuned` came from: its new winner
                                          takes the place of the earlier one
        check(read("mine.yaml"))       -> an error, if `lenet5-tuned` is of another search

    Raises `ExplainerError` if an experiment of that name is there, shipped or the user's own, which
    was found neither by this search nor by a smaller one of the same file; `DamagedRecord`.
    """
    name = space.experiment({}).name
    there = found().get(name)
    if space.winner is None or there is None:
        return
    for earlier in record.each(space.name):
        if earlier.winner == there and space.repeats(earlier.space):
            return
    path = user_folder() / "experiments" / f"{name}.json"
    away = f". Or move {path} away" if path.exists() else ""
    raise ExplainerError(
        f"the winner of the search {space.name} would be called {name}, as an experiment that is"
        " there already: of another search, or of this one with more trials or epochs. Give the"
        f" file another `winner:`, such as `own`; or `winner: null`, and none is kept{away}"
    )
