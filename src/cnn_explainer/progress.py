"""Showing how a training goes: a bar in a terminal or a notebook, a line an epoch elsewhere."""

from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from .clock import awake_seconds


class TrainingProgress:
    """Epoch, images a second and time left of one training.

    Use it as a context manager; call `begin_epoch`, then `batch` for each batch, then `end_epoch`.
    """

    def __init__(self, name: str, epochs: int, images: int, console: Console | None = None):
        self._name, self._epochs, self._images = name, epochs, images
        self._console = console or Console(stderr=True)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
            transient=True,
            disable=not (self._console.is_terminal or self._console.is_jupyter),
        )
        self._task = self._bar.add_task(name, total=epochs * images, note="")
        self._this_time = 0

    def __enter__(self) -> "TrainingProgress":
        self._bar.start()
        return self

    def __exit__(self, *_) -> None:
        self._bar.stop()

    def begin_epoch(self, epoch: int) -> None:
        """Epochs count from 0."""
        if self._this_time == 0:
            self._began, self._first = awake_seconds(), epoch
        self._epoch_began = awake_seconds()
        self._epoch = epoch
        description = f"{self._name}  epoch {epoch + 1}/{self._epochs}"
        self._bar.update(self._task, description=description, completed=epoch * self._images)

    def batch(self, images_done: int) -> None:
        """So many images of this epoch are done."""
        speed = images_done / max(awake_seconds() - self._epoch_began, 1e-9)
        left = ((self._epochs - self._epoch) * self._images - images_done) / speed
        self._bar.update(
            self._task,
            completed=self._epoch * self._images + images_done,
            note=f"{speed:,.0f} images/s, {_clock(left)} left",
        )

    def end_epoch(self, val_accuracy: float, images_per_second: float) -> None:
        """The epoch's result; printed as a line where there is no bar."""
        self._this_time += 1
        each = (awake_seconds() - self._began) / self._this_time
        left = each * (self._epochs - self._epoch - 1)
        if self._bar.disable:
            self._console.print(
                f"{self._name}  epoch {self._epoch + 1}/{self._epochs}"
                f"  val_accuracy {val_accuracy:.4f}  {images_per_second:,.0f} images/s"
                f"  {_clock(left)} left",
                highlight=False,
                soft_wrap=True,
            )


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
