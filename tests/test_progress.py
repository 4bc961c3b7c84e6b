import io

from rich.console import Console

from cnn_explainer import progress
from cnn_explainer.progress import TrainingProgress


class Clock:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self):
        return self.now


def _train(console, monkeypatch):
    """Two epochs of 100 pictures, of five seconds each, the fourth and fifth of 5."""
    clock = Clock()
    monkeypatch.setattr(progress, "awake_seconds", clock)
    with TrainingProgress("lenet5-plain", epochs=5, images=100, console=console) as shown:
        for epoch in (3, 4):
            shown.begin_epoch(epoch)
            clock.now += 4
            shown.batch(80)
            clock.now += 1
            shown.end_epoch(val_accuracy=0.1 * epoch, images_per_second=20.0)


def test_a_log_gets_a_line_an_epoch(monkeypatch):
    log = io.StringIO()
    _train(Console(file=log, width=40), monkeypatch)
    assert log.getvalue().splitlines() == [
        "lenet5-plain  epoch 4/5  val_accuracy 0.3000  20 images/s  0:00:05 left",
        "lenet5-plain  epoch 5/5  val_accuracy 0.4000  20 images/s  0:00:00 left",
    ]


def test_a_terminal_gets_a_bar_with_epoch_speed_and_time_left(monkeypatch):
    terminal = io.StringIO()
    console = Console(file=terminal, width=120, force_terminal=True, color_system=None)
    _train(console, monkeypatch)
    output = terminal.getvalue()
    assert "epoch 5/5" in output
    # 80 of 100 pictures in 4 s: 20 a second, and 20 to go.
    assert "20 images/s, 0:00:01 left" in output
    assert "val_accuracy" not in output
