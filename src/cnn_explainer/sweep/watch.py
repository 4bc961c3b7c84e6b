"""What a search tells while it goes on: a live table of its trials, and how long it will take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ray import tune
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from .space import Space

SHOWN = 12
"""Trials in the live table: those that are running, and the best."""
LIVE = Live(console=Console(), auto_refresh=False, transient=True)
"""The table on this process's terminal, which has one. Not a `Watch`'s own: Ray Tune makes these
anew when a search is resumed, and does not tell them of Ctrl-C; see `shown`."""


@contextmanager
def shown() -> Iterator[None]:
    """Leave the terminal as it was, however the search ends."""
    try:
        yield
    finally:
        LIVE.stop()


class Watch(tune.Callback):
    """Follows Ray Tune. On a terminal one table is kept up to date; elsewhere each trial that ends
    is a line.
    """

    def __init__(self, space: Space, expected: int):
        self._space, self._expected = space, expected

    def setup(self, **info) -> None:
        """Begin; also when a search is resumed, with the state of another process."""
        self._began = time.monotonic()
        self._done_before: int | None = None
        if LIVE.console.is_terminal:
            LIVE.start()

    def on_step_end(self, iteration: int, trials: list, **info) -> None:
        """Draw the table anew."""
        if self._done_before is None:
            self._done_before = sum(map(_epochs, trials))
        if LIVE.is_started:
            LIVE.update(Group(*self._table(trials)), refresh=True)

    def on_trial_complete(self, iteration: int, trials: list, trial, **info) -> None:
        """Say so where there is no table."""
        self._say(trials, trial, "ended")

    def on_trial_error(self, iteration: int, trials: list, trial, **info) -> None:
        """The same."""
        self._say(trials, trial, "failed")

    def _say(self, trials: list, trial, end: str) -> None:
        if not LIVE.is_started:
            line = f"{_name(trial)} {end}: {_epochs(trial)} epochs, {_accuracy(trial):.4f}"
            print(f"{line} ({self._state(trials)})", flush=True)

    def _state(self, trials: list) -> str:
        # Of a trial that ends just now, this is not known yet where no table is drawn.
        ended = sum(trial.is_finished() for trial in trials) + (not LIVE.is_started)
        best = max(map(_accuracy, trials), default=0)
        return f"{ended} of {self._expected} trials, best {best:.4f}, {self._left(trials)}"

    def _left(self, trials: list) -> str:
        """How long it will still take, if the trials to come are like those that ended."""
        ended = [_epochs(trial) for trial in trials if trial.is_finished()]
        trained = sum(map(_epochs, trials)) - (self._done_before or 0)
        if not ended or not trained:
            return "time left not known yet"
        begun = sum(_epochs(trial) for trial in trials if not trial.is_finished())
        coming = sum(ended) / len(ended) * (self._expected - len(ended)) - begun
        pace = (time.monotonic() - self._began) / trained
        return f"about {max(1, round(coming * pace / 60))} minutes left"

    def _table(self, trials: list) -> list[Any]:
        table = Table("trial", "state", "epochs", "held-out accuracy", "settings")
        running = [trial for trial in trials if trial.status == "RUNNING"]
        others = sorted((t for t in trials if t not in running), key=_accuracy, reverse=True)
        for trial in [*running, *others][:SHOWN]:
            settings = ", ".join(f"{name} {_short(v)}" for name, v in trial.config.items())
            row = (_name(trial), trial.status.lower(), str(_epochs(trial)))
            table.add_row(*row, f"{_accuracy(trial):.4f}", settings)
        return [table, f"{self._space.name}: {self._state(trials)}"]


def _name(trial) -> str:
    return trial.trial_id.rpartition("_")[2]


def _epochs(trial) -> int:
    return (trial.last_result or {}).get("epoch", 0)


def _accuracy(trial) -> float:
    return (trial.last_result or {}).get("val_accuracy", 0.0)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
