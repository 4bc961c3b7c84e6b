"""All records on the site, and a link to each below the figures and tables that show it.

A figure says in `data-records` which records its numbers come from, and the line that names the
runs gets a link for each; where there are many it is folded up. A cell of a table that holds the
name of a record's file becomes one.
The folder `records/` has the files, and all results once more as CSV and as JSON.
"""

import re
import shutil
from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path

from sphinx.util import logging

from cnn_explainer import bench, results, runs, speedrun, sweep, words
from cnn_explainer.bench import Benchmark
from cnn_explainer.provenance import shortfall
from cnn_explainer.runs import Run
from cnn_explainer.speedrun import SpeedRun
from cnn_explainer.sweep import Sweep

logger = logging.getLogger(__name__)
FOLDER = "records"
FEW = 6
"""Links in a line that stands open: those of five seeds and one more."""
Record = Run | Sweep | SpeedRun | Benchmark
LINE = re.compile(r'((?:<br>)?)(<small data-records="([^"]*)">.*?)(</small>)', re.DOTALL)
FILE = re.compile(r"(?<=>)((?:sweeps/|speedruns/)?[\w-]+)\.json(?=<)")


def setup(app):
    """Connect to Sphinx."""
    records = {}

    def read(app):
        records.update((run.experiment.slug, run) for run in runs.every())
        records.update((f"sweeps/{name}", sweep.load(name)) for name in sweep.every())
        records.update((f"speedruns/{name}", speedrun.load(name)) for name in speedrun.every())
        records["bench"] = bench.load()

    def link(app, pagename, templatename, context, doctree):
        if "body" in context:
            path = partial(context["pathto"], resource=True)
            context["body"] = linked(context["body"], records, path)

    def write(app, exception):
        if exception is None and app.builder.format == "html":
            folder = Path(app.outdir, FOLDER)
            shutil.rmtree(folder, ignore_errors=True)
            results.save(folder, (each for each in records.values() if isinstance(each, Run)))
            for each in records.values():
                if isinstance(each, Sweep):
                    sweep.save(each, folder / "sweeps")
                elif isinstance(each, SpeedRun):
                    speedrun.save(each, folder)
                elif isinstance(each, Benchmark):
                    bench.save(each, folder / "bench.json")

    app.connect("builder-inited", read)
    app.connect("html-page-context", link)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def linked(body: str, records: dict[str, Record], path: Callable[[str], str]) -> str:
    """A page's body with its links; `path` makes a place on the site relative to the page."""

    def link(slug: str, text: str, label: str = "") -> str:
        named = f' aria-label="{escape(label)}"' if label else ""
        return f'<a href="{escape(path(f"{FOLDER}/{slug}.json"))}" download=""{named}>{text}</a>'

    def one(slug: str) -> str:
        title, which = _names(records[slug])
        return link(slug, which.replace(" ", "&nbsp;"), f"Record of {title}, {which}")

    def line(found: re.Match) -> str:
        lead, begin, slugs, end = found.groups()
        by_title: dict[str, list[str]] = {}
        for slug in slugs.split():
            if slug not in records:
                logger.warning("a figure names the record %s, which is not there", slug)
                continue
            by_title.setdefault(_names(records[slug])[0], []).append(slug)
        links = "; ".join(
            f"{escape(title)} {', '.join(map(one, each))}" for title, each in by_title.items()
        )
        several = "records" if " " in slugs else "record"
        whole = f"{begin} · {several}: {links}{end}"
        if sum(map(len, by_title.values())) <= FEW:
            return lead + whole
        made = {title: [records[slug] for slug in each] for title, each in by_title.items()}
        return f"<details><summary>{escape(_summary(made))}</summary>{whole}</details>"

    def file(found: re.Match) -> str:
        return link(found[1], found[0]) if found[1] in records else found[0]

    return FILE.sub(file, LINE.sub(line, body))


def _summary(made: dict[str, list[Record]]) -> str:
    """`28 records of 10 experiments`, and which of them were not trained to the end."""
    several = "s" * (len(made) > 1)
    said = f"{sum(map(len, made.values()))} records of {len(made)} experiment{several}"
    short = {
        title: shortfall(each for each in records if isinstance(each, Run))
        for title, records in made.items()
    }
    return " · ".join([said, *(f"{title}: {each}" for title, each in short.items() if each)])


def _names(record: Record) -> tuple[str, str]:
    """What it is a record of, and which one of these."""
    if isinstance(record, Benchmark):
        return "benchmark", "all networks"
    if isinstance(record, Sweep):
        return "search", record.space.name
    experiment = record.experiment
    if isinstance(record, SpeedRun):
        return "speed run", experiment.model
    return ", ".join([experiment.name, *words.changes(experiment)]), f"seed {experiment.seed}"
