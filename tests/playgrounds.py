"""The live networks on a page of their own, with small networks of random weights."""

import json
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from building import REPOSITORY

from cnn_explainer import export, weights
from cnn_explainer.architectures import shapes
from cnn_explainer.experiments import Experiment

sys.path.append(str(REPOSITORY / "book/_ext"))
import playground as hook


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


def write_page(folder: Path, names: Sequence[str], attributes: str = "") -> Path:
    """A page with a playground for these networks of the catalogue, the first of them chosen."""
    static = folder / "_static"
    paths = [export.export(name, static / "models", "float32") for name in names]
    rows = [
        {"name": name, "title": name, "file": path.name, "bytes": path.stat().st_size}
        for name, path in zip(names, paths, strict=True)
    ]
    index = json.dumps({"format": export.FORMAT, "models": rows})
    (static / "models/index.js").write_text(f"cnn.receive({index})")
    return put_on_page(static, f'data-model="{names[0]}" {attributes}')


def put_on_page(static: Path, attributes: str, name: str = "page.html", more: str = "") -> Path:
    """A page with a playground as the build would write it, beside its folder `_static`."""
    hook.bundle(REPOSITORY / "book/_static", static)
    element = f'<div class="cnn-playground" {attributes}><p>It needs JavaScript.</p></div>'
    content = hook.data(static)
    body = hook.PLAYGROUND.sub(lambda match: hook.filled(match, content), element)
    page = static.parent / name
    page.write_text(
        '<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>Live networks</title>'
        f'{hook.POLICY}<link rel="stylesheet" href="_static/{hook.STYLE}">'
        f'<script defer src="_static/{hook.SCRIPT}" onerror="{hook.UNREACHED}"></script>'
        f"<main><h1>Live networks</h1>{body}{more}</main></html>",
        encoding="utf-8",
    )
    return page


def write_scripts(folder: Path) -> Path:
    """A page with the scripts and no playground."""
    static = folder / "scripts"
    hook.bundle(REPOSITORY / "book/_static", static)
    scripts = (hook.SCRIPT, hook.FOLLOWING[0])
    tags = "".join(f'<script src="{name}"></script>' for name in scripts)
    page = static / "page.html"
    page.write_text(f'<!doctype html><meta charset="utf-8">{tags}', encoding="utf-8")
    return page


@contextmanager
def random_weights_everywhere():
    """Let `export` take random weights for every network of the catalogue."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "read", random_weights)
        yield


@contextmanager
def lenets(browser, folder: Path, attributes: str = ""):
    """A page with LeNet-5 in two variants of random weights."""
    with random_weights_everywhere():
        path = write_page(folder, ["lenet5-plain", "lenet5-augmented"], attributes)
    # Playwright's waiting for functions is what the page's policy forbids.
    page = browser.new_page(bypass_csp=True)
    page.goto(path.as_uri())
    yield page
    page.close()


@contextmanager
def anew(page, picture: np.ndarray, last: str = "perturb"):
    """Such a page as it begins, but with all its parts, the last of them in the place of this name,
    and with this picture. `app` is the playground's; no script may fail.
    """
    errors = []

    def note(error):
        errors.append(error)

    page.on("pageerror", note)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(reduced_motion="no-preference")
    page.reload()
    page.wait_for_function(f"document.querySelector('.place.{last}')?.childElementCount")
    page.evaluate("playground.part((each) => (window.app = each))")
    call = "(pixels) => app.setImage(Float32Array.from(pixels), 'Test')"
    evaluate(page, call, picture.ravel().tolist())
    yield page
    page.remove_listener("pageerror", note)
    assert not errors, errors


def evaluate(page, function: str, *arguments):
    """What a function in the page gives; by way of JSON, for many numbers are slow otherwise."""
    call = f"async (text) => JSON.stringify(await ({function})(...JSON.parse(text)))"
    text = page.evaluate(call, json.dumps(arguments))
    return None if text is None else json.loads(text)
