"""How fast training is: Keras as the write-up used it, this package, and PyTorch, side by side.

`run` measures and gives a `Benchmark`, which is kept as a record like a training's; `table` shows
the one that comes with the package.
"""

from .record import Benchmark, Comparison, Contender, load, save
from .tables import table
from .turns import run

__all__ = ["Benchmark", "Comparison", "Contender", "load", "run", "save", "table"]
