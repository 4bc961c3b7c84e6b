"""Figures of runs and arrays, as SVG that a page, a notebook and a screen reader can show.

Each is loaded when it is first used, so that a chapter depends on those alone that it draws.
What two of them share lies in a file of another name: to import `costs` from a figure would put
that file here in place of its function.
"""

from importlib import import_module

__all__ = [
    "Figure",
    "ablation",
    "accuracies",
    "answers",
    "architecture",
    "arrays",
    "calibration",
    "cluster",
    "confusion",
    "costs",
    "curves",
    "feature_maps",
    "filters",
    "fit_times",
    "halving",
    "importance",
    "lines",
    "mistakes",
    "parallel",
    "pictures",
    "predictions",
    "search_progress",
    "variants",
]


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # The import itself puts the file's module under this name; the function takes its place.
    globals()[name] = getattr(import_module(f".{name.lower()}", __name__), name)
    return globals()[name]


def __dir__() -> list[str]:
    return __all__
