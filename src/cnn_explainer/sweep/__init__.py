"""Searching hyper-parameters: a space as data, trials on one machine or many, a record of them all.

`space_file.read` reads a space, `engine.run` searches it, `load` gives what was found.
"""

from .record import Sweep, Trial, every, load, save
from .space import InvalidSpace, Space

__all__ = ["InvalidSpace", "Space", "Sweep", "Trial", "every", "load", "save"]
