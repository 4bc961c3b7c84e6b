"""Which versions a result was computed with."""

import platform
from importlib import import_module
from importlib.metadata import version


def backend() -> tuple[str, str]:
    """Name and version of what Keras computes with here: `("tensorflow", "2.21.0")`."""
    import keras

    name = keras.backend.backend()
    return name, import_module(name).__version__


def computed(*packages: str) -> dict[str, str]:
    """Of Python, of this package, Keras and its backend, and of other packages.

    computed("ray")  ->  {"python": "3.11.2", "cnn-explainer": …, "keras": …, "ray": …,
                          "tensorflow": …}
    """
    names = ("cnn-explainer", "keras", *packages)
    name, number = backend()
    python = {"python": platform.python_version()}
    return python | {each: version(each) for each in names} | {name: number}
