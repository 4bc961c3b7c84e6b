"""How fast training is: Keras as the write-up used it, this package, and PyTorch, side by side.

`run` measures and gives a `Benchmark`, which is kept as a record like a training's; `learn` adds
accuracies to one; `table` shows the one that comes with the package.
"""

from importlib import import_module

from .record import Benchmark, Comparison, Contender, Judgement, load, save

__all__ = [
    "Benchmark",
    "Comparison",
    "Contender",
    "Judgement",
    "catalogued",
    "learn",
    "load",
    "run",
    "save",
    "table",
]
# Who only reads the record needs neither pandas nor the trainings.
_LATER = {"table": "tables", "run": "turns", "learn": "turns", "catalogued": "turns"}


def __getattr__(name: str):
    if name in _LATER:
        return getattr(import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
