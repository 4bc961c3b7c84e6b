"""Run a chapter's cells again when, and only when, what they depend on has changed.

Jupyter's cache knows an executed notebook by its cells and its kernel's description, and
nothing else. So each execution gets a random token, which goes into that description, and the
token is kept, in `_build/.execution/`, together with all that the outputs came from: the cells,
the installed packages, and the files that the kernel looked at (`kernel_trace`). As long as all
of this is as it was, the chapter is given the same token, and its outputs come from the cache.
Else it is given a new one, and is executed.

The token is written down last, after the outputs are in the cache. A build that is killed
before leaves a token that nobody knows, and the chapter is executed again.

Before the first chapter is read, the execution of all that need it is begun, a few at once
(`ahead`), in kernels that have imported `execution_preload` already (`forked_kernels`); each is
waited for when its turn has come. A chapter in which a cell fails is left to
MyST-NB, which executes it once more and says where.
"""

import hashlib
import json
import os
import shutil
import sys
import uuid
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from sphinx.util import logging

from ahead import Ahead
from cnn_explainer import datasets, files
from kernel_trace import describe

logger = logging.getLogger(__name__)
_ahead = cache(Ahead)
"""One for all builds of a process: a live preview has many."""
PACKAGE = Path(files.__file__).parent
KERNEL_CONFIG = """\
c = get_config()
c.IPKernelApp.extensions = ["kernel_trace"]
c.IPKernelApp.log_level = "ERROR"
c.HistoryManager.enabled = False
"""


def setup(app):
    """Connect to Sphinx."""
    app.add_config_value("execution_roots", {}, "", dict)
    app.add_config_value("execution_preload", [], "", list)
    app.connect("builder-inited", _prepare)
    app.connect("env-get-outdated", _outdated)
    app.connect("env-before-read-docs", _begin)
    app.connect("source-read", _give_token)
    app.connect("doctree-read", _keep_token)
    return {"parallel_read_safe": False}


def _prepare(app):
    """Set up what the kernels inherit: a profile of their own, and the folders to watch."""
    for left_behind in _folder(app).glob("*.trace"):
        left_behind.unlink()
    profile = _folder(app) / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(KERNEL_CONFIG)
    os.environ["IPYTHONDIR"] = str(profile.parent)
    here = str(Path(__file__).parent)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [here, os.environ.get("PYTHONPATH", "")])
    )
    os.environ["CHAPTER_ROOTS"] = json.dumps(_roots(app))
    # Its C++ side writes past the notebook, onto the terminal.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # oneDNN greets there in spite of that, and rounds differently on different processors.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    # The version is what the cache writes last when it is made.
    jupyter_cache = Path(app.outdir).parent / ".jupyter_cache"
    if not (jupyter_cache / "__version__.txt").exists():
        shutil.rmtree(jupyter_cache, ignore_errors=True)


def _outdated(app, env, added, changed, removed):
    """The chapters that Sphinx is to read again though their own text did not change."""
    return [
        docname
        for docname in env.found_docs - added - changed
        if "kernelspec" in env.metadata[docname] and not _valid(app, _state(app, docname))
    ]


def _begin(app, env, docnames):
    """Begin to execute the chapters that are to be read and whose outputs nobody has."""
    app.chapters_begun = {}
    if env.mystnb_config.execution_mode != "cache":
        return
    due = []
    for docname in docnames:
        path = Path(env.doc2path(docname))
        text = path.read_text("utf-8")
        if is_myst_markdown_notebook(text):
            state = _state_for(app, docname, text)
            if "files" not in state:
                due.append((docname, path, text, state))
    # For one kernel, nothing would be gained.
    if len(due) > 1:
        _ahead().preload(app.config.execution_preload)
    for docname, path, text, state in due:
        notebook = _notebook(app, _with_token(text, state["token"]))
        limit = env.mystnb_config.execution_timeout
        trace = str(_trace(app, state["token"]))
        begun = _ahead().begin(notebook, path.parent, limit, CHAPTER_TRACE=trace)
        app.chapters_begun[docname] = (state, notebook, begun)


def _state_for(app, docname: str, text: str) -> dict:
    """What is known of the last execution if that is still valid, else no more than a new token."""
    state, cells = _state(app, docname), _cells(app, text)
    if not _valid(app, state) or state["cells"] != cells:
        state = {"token": uuid.uuid4().hex}
    return {**state, "cells": cells}


def _give_token(app, docname, source):
    if not is_myst_markdown_notebook(source[0]):
        return
    if docname in app.chapters_begun:
        state, notebook, begun = app.chapters_begun.pop(docname)
        logger.info("%s: Executing notebook ...", app.env.doc2path(docname))
        if seconds := begun.result():
            outputs = CacheBundleIn(notebook, docname, data={"execution_seconds": seconds})
            kept = get_cache(app.env.mystnb_config.execution_cache_path)
            kept.cache_notebook_bundle(outputs, check_validity=False)
    else:
        state = _state_for(app, docname, source[0])
    os.environ["CHAPTER_TRACE"] = str(_trace(app, state["token"]))
    app.env.temp_data["execution"] = state
    source[0] = _with_token(source[0], state["token"])


def _keep_token(app, doctree):
    state = app.env.temp_data.get("execution")
    if state is None:
        return
    trace = _trace(app, state["token"])
    if trace.exists():
        state["environment"] = _environment()
        state["files"] = json.loads(trace.read_text("utf-8"))
        content = json.dumps(state, indent=1).encode()
        files.write_atomically(_state_path(app, app.env.docname), content)
        trace.unlink()
    elif "files" not in state:
        logger.warning("no trace of what the cells read: they will run at each build")


def _valid(app, state: dict) -> bool:
    """Whether packages and files are as they were when the chapter was executed."""
    return state.get("environment") == _environment() and all(
        _describe(app, name) == description for name, description in state["files"].items()
    )


def _describe(app, name: str) -> str:
    root, path = name.split(":", 1)
    return describe(os.path.join(_roots(app)[root], path), listing=path.endswith("/"))


@cache
def _environment() -> str:
    """A hash of the versions of Python and of all installed packages."""
    installed = sorted(f"{each.name}=={each.version}" for each in distributions())
    return hashlib.sha256("\n".join([sys.version, *installed]).encode()).hexdigest()


def _roots(app) -> dict[str, str]:
    """The folders whose files the chapters depend on."""
    return app.config.execution_roots or {
        "package": str(PACKAGE),
        "user": str(files.user_folder()),
        "data": str(datasets.data_folder()),
    }


def _cells(app, text: str) -> str:
    """A hash of the code."""
    code = [cell.source for cell in _notebook(app, text).cells if cell.cell_type == "code"]
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()


def _notebook(app, text: str):
    return read_myst_markdown_notebook(text, config=app.env.myst_config)


def _with_token(text: str, token: str) -> str:
    """The chapter with the token in its header, in as many lines as before, for the warnings."""
    lines = text.split("\n")
    end = next(i for i, line in enumerate(lines) if i > 0 and line.startswith("---"))
    header = yaml.safe_load("\n".join(lines[1:end]))
    header.setdefault("kernelspec", {"name": "python3"})["token"] = token
    # JSON is YAML, and fits into one line.
    return "\n".join(["---", json.dumps(header), *[""] * (end - 2), *lines[end:]])


def _folder(app) -> Path:
    return Path(app.outdir).parent / ".execution"


def _trace(app, token: str) -> Path:
    """Named by the token, as a killed build's kernel may live on and write for a moment."""
    return _folder(app) / f"{token}.trace"


def _state_path(app, docname: str) -> Path:
    return _folder(app) / f"{docname}.json"


def _state(app, docname: str) -> dict:
    """What is known of the chapter's last execution; nothing, if there was none."""
    try:
        return json.loads(_state_path(app, docname).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
