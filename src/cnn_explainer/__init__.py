"""Convolutional networks explained: the package behind the book.

    import cnn_explainer as cnn

    cnn.run("lenet5-plain").test.accuracy      # from its record, at once

Modules and names load when they are first used, so that importing this is quick and a page
that only shows records never loads TensorFlow.
"""

from importlib import import_module

_MODULES = (
    "ablation",
    "architectures",
    "bench",
    "claims",
    "comparison",
    "datasets",
    "desk",
    "errors",
    "experiments",
    "export",
    "facts",
    "figures",
    "frames",
    "geometry",
    "importance",
    "layers",
    "metrics",
    "mistakes",
    "models",
    "pitfalls",
    "probes",
    "provenance",
    "results",
    "published",
    "runs",
    "search_tables",
    "speedrun",
    "stepper",
    "sweep",
    "tables",
    "training",
    "weights",
    "whitening",
    "words",
)
_NAMES = {
    "run": "training",
    "train": "training",
    "restore": "weights",
    "note_if_unavailable": "notes",
    "glue": "sentences",
    "DatasetUnavailable": "errors",
    "RecordNotFound": "errors",
    "DamagedRecord": "errors",
}

__all__ = [*_MODULES, *_NAMES]


def __getattr__(name: str):
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name in _NAMES:
        return getattr(import_module(f".{_NAMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
