"""The live networks on a page of their own, with small networks of random weights."""

import base64
import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from building import REPOSITORY
from PIL import Image

from cnn_explainer import export, weights
from cnn_explainer.architectures import shapes
from cnn_explainer.experiments import Experiment
from cnn_explainer.figures.colours import cividis

FIRST = ["cnn.js", *(f"playground/{name}.js" for name in ("playground", "sources", "models"))]
STYLES = ["playground/playground.css", "playground/inspect.css"]


def random_weights(experiment: Experiment) -> dict[str, np.ndarray]:
    """In the place of `weights.read`: as if a network had been trained, without training it."""
    draw = np.random.default_rng(len(experiment.name))
    rows = shapes(experiment.model, experiment.variant, image_size=experiment.image_size)
    arrays = {}
    for row in rows:
        if row.parameters:
            layer, units = f"{experiment.name}/{row.name}", row.output_shape[-1]
            kernel = _kernel_shape(row)
            spread = np.sqrt(2 / np.prod(kernel[:-1]))
            arrays[f"{layer}/kernel"] = draw.normal(scale=spread, size=kernel)
            arrays[f"{layer}/bias"] = draw.normal(scale=0.2, size=units)
    return arrays


def _kernel_shape(row) -> tuple[int, ...]:
    inputs, units = row.input_shape[-1], row.output_shape[-1]
    size = getattr(row.layer, "size", None)
    return (size, size, inputs, units) if size else (inputs, units)


def _sample() -> dict:
    """A picture that the page begins with; tests give their own."""
    file = io.BytesIO()
    Image.new("RGB", (1, 1), (90, 120, 200)).save(file, "png")
    src = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    return {"name": "plain", "label": "Plain", "src": src, "truth": None}


def write_page(folder: Path, names: Sequence[str], **attributes: str) -> Path:
    """A page with a playground for these networks of the catalogue, the first of them chosen."""
    static = folder / "_static"
    shutil.copytree(REPOSITORY / "book/_static", static)
    paths = [export.export(name, static / "models", "float32") for name in names]
    rows = [
        {"name": name, "title": name, "file": path.name, "bytes": path.stat().st_size}
        for name, path in zip(names, paths, strict=True)
    ]
    index = {"format": 1, "models": rows}
    (static / "models/index.js").write_text(f"cnn.receive({json.dumps(index)})")
    scripts = sorted(path.name for path in (static / "playground").glob("*.js"))
    data = {
        "colours": [f"#{bytes(colour).hex()}" for colour in cividis(np.linspace(0, 1, 16))],
        "samples": [_sample()],
        "later": [f"playground/{name}" for name in scripts if f"playground/{name}" not in FIRST],
    }
    head = "".join(f'<link rel="stylesheet" href="_static/{path}">' for path in STYLES) + "".join(
        f'<script defer src="_static/{path}"></script>' for path in FIRST
    )
    given = "".join(f' data-{name}="{value}"' for name, value in attributes.items())
    page = folder / "page.html"
    page.write_text(
        '<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Live networks</title>'
        f"{head}<main><h1>Live networks</h1>"
        f'<div class="cnn-playground" data-model="{names[0]}"{given}>'
        f'<script type="application/json">{json.dumps(data)}</script></div></main></html>',
        encoding="utf-8",
    )
    return page


def open_page(browser, path: Path, picture: np.ndarray, small: bool = False):
    """Open such a page, wait for all its parts and give it a picture; `app` is the playground's."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.as_uri())
    last = "inspect" if small else "perturb"
    page.wait_for_function(f"document.querySelector('.place.{last}')?.childElementCount")
    page.evaluate("playground.part((each) => (window.app = each))")
    page.evaluate(
        "pixels => app.setImage(Float32Array.from(pixels), 'Test')", picture.ravel().tolist()
    )
    return page


def use_random_weights(monkeypatch) -> None:
    """Let `export` take random weights for every network of the catalogue."""
    monkeypatch.setattr(weights, "read", random_weights)
