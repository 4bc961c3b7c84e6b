"""Figures of runs and arrays, as SVG that a page, a notebook and a screen reader can show."""

from .architecture import architecture
from .arrays import arrays
from .calibration import calibration
from .confusion import confusion
from .curves import curves
from .feature_maps import feature_maps
from .figure import Figure
from .filters import filters
from .lines import lines
from .pictures import pictures
from .predictions import predictions

__all__ = [
    "Figure",
    "architecture",
    "arrays",
    "calibration",
    "confusion",
    "curves",
    "feature_maps",
    "filters",
    "lines",
    "pictures",
    "predictions",
]
