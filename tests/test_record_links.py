"""The build's hook that puts the records onto the site and links to them."""

import logging
import sys

import pytest
import samples
from bs4 import BeautifulSoup
from building import REPOSITORY

from cnn_explainer import bench, figures, runs, search_tables, speedrun, sweep, tables
from cnn_explainer.provenance import describe

RUNS = [
    samples.run("lenet5-plain", seed=7),
    samples.run("lenet5-plain"),
    samples.run("vgg16-plain"),
]
RECORDS = {run.experiment.slug: run for run in RUNS}


@pytest.fixture(scope="module")
def record_links():
    """The hook, from the folder where the book's settings look for it."""
    sys.path.append(str(REPOSITORY / "book/_ext"))
    try:
        import record_links

        return record_links
    finally:
        sys.path.pop()


def linked(record_links, body: str) -> BeautifulSoup:
    """As on a page in a folder of the site."""
    html = record_links.linked(body, RECORDS, lambda place: f"../{place}")
    return BeautifulSoup(html, "html.parser")


def test_one_run_has_one_link(record_links):
    page = linked(record_links, figures.confusion(RUNS[0])._repr_html_())
    (link,) = page.select("figcaption small a[download]")
    assert link["href"] == f"../records/{RUNS[0].experiment.slug}.json"
    assert link["aria-label"] == "Record of lenet5-plain, seed 7"
    text = page.select_one("figcaption small").text
    assert text.startswith(describe(RUNS[0])) and text.endswith("· record: lenet5-plain seed\xa07")


def test_many_runs_are_sorted_by_experiment(record_links):
    table = tables.Table(tables.layers("lenet5").frame, "Layers.", describe(RUNS))
    page = linked(record_links, table._repr_html_())
    line = page.select_one("caption small")
    assert line.text.endswith(
        "· records: lenet5-plain seed\xa07, seed\xa042; vgg16-plain seed\xa042"
    )
    assert [a["href"] for a in line.select("a")] == [f"../records/{slug}.json" for slug in RECORDS]


def test_very_many_are_folded_up(record_links):
    seeds = [samples.run("lenet5-plain", seed=seed) for seed in range(6)]
    short = samples.run("vgg16-plain", epochs_done=25)
    records = {run.experiment.slug: run for run in [*seeds, short]}
    table = tables.Table(tables.networks().frame, "Networks.", describe([*seeds, short]))
    html = record_links.linked(table._repr_html_(), records, str)
    folded = BeautifulSoup(html, "html.parser").select_one("caption details:not([open])")
    assert folded.summary.text == ("7 records of 2 experiments · vgg16-plain: only 25 of 50 epochs")
    assert folded.small.text.startswith(table.source)
    assert [a["href"] for a in folded.select("a")] == [f"records/{slug}.json" for slug in records]
    assert "<br>" not in html
    alone = [samples.run("lenet5-plain", seed=seed) for seed in range(7)]
    assert record_links._summary({"lenet5-plain": alone}) == "7 records of 1 experiment"


def test_another_recipe_is_named(record_links):
    from cnn_explainer.experiments import get

    changed = get("lenet5-plain", learning_rate=0.1)
    run = RUNS[0].model_copy(update={"experiment": changed})
    html = record_links.linked(
        f'<small data-records="{changed.slug}">line</small>', {changed.slug: run}, str
    )
    assert "lenet5-plain, learning rate 0.1 <a" in html


def test_a_file_name_in_a_cell_leads_to_the_file(record_links):
    slug = RUNS[0].experiment.slug
    page = linked(record_links, f"<td>{slug}.json</td><td>base-plain-{'0' * 12}.json</td>")
    assert [a["href"] for a in page.select("td a")] == [f"../records/{slug}.json"]
    assert f"{slug}.json</p>" in str(linked(record_links, f"<p>It is {slug}.json</p>"))


@pytest.mark.parametrize(
    ("slug", "made", "table", "title"),
    [
        ("sweeps/made-up", samples.sweep("made-up"), search_tables.searches, "search made-up"),
        ("speedruns/lenet5", samples.speedrun(), search_tables.laps, "speed run lenet5"),
    ],
)
def test_a_search_and_a_speed_run_have_their_link(record_links, slug, made, table, title):
    html = f"{table(made)._repr_html_()}<td>{slug}.json</td>"
    page = BeautifulSoup(record_links.linked(html, {slug: made}, str), "html.parser")
    assert page.small.text.endswith(f"· record: {title}")
    assert [a["href"] for a in page.select("a")] == [f"records/{slug}.json"] * 2


def test_the_package_s_benchmark_has_its_link_and_no_other_has(record_links):
    made = bench.load()
    page = BeautifulSoup(
        record_links.linked(bench.table()._repr_html_(), {"bench": made}, str), "html.parser"
    )
    (link,) = page.select("small a[download]")
    assert (link["href"], link["aria-label"]) == (
        "records/bench.json",
        "Record of benchmark, all networks",
    )
    assert "data-records" not in bench.table(made)._repr_html_()


def test_a_line_without_records_stays_as_it_is(record_links):
    body = "<small>measured here</small><p>5 &lt; 6</p>"
    assert record_links.linked(body, RECORDS, str) == body


def test_a_record_that_is_not_there_is_a_warning(record_links, caplog):
    logger = logging.getLogger(f"sphinx.{record_links.__name__}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logger, "propagate", True)
        record_links.linked('<small data-records="gone">line</small>', RECORDS, str)
    assert "names the record gone, which is not there" in caplog.text


def test_a_build_leaves_the_records_and_both_tables(record_links, home, tmp_path):
    """With a stand-in for Sphinx: what is connected is called as a build does."""
    own = samples.run("vgg16-plain", seed=5)
    runs.save(own)
    searching = samples.sweep("made-up")
    sweep.save(searching)
    speedrun.save(samples.speedrun())
    connected = {}

    class Application:
        outdir = tmp_path / "html"
        builder = type("Builder", (), {"format": "html"})
        connect = staticmethod(connected.__setitem__)

    stale = Application.outdir / "records" / "of-last-year.json"
    stale.parent.mkdir(parents=True)
    stale.write_text("{}")
    record_links.setup(Application)
    connected["builder-inited"](Application)
    context = {
        "body": figures.confusion(own)._repr_html_(),
        "pathto": lambda place, resource: place,
    }
    connected["html-page-context"](Application, "page", "page.html", context, None)
    connected["build-finished"](Application, None)
    target = BeautifulSoup(context["body"], "html.parser").select_one("small a")["href"]
    assert runs.read(Application.outdir / target) == own
    assert bench.load(Application.outdir / "records/bench.json") == bench.load()
    written = {path.name for path in stale.parent.iterdir()}
    assert {"results.csv", "results.json", f"{own.experiment.slug}.json"} <= written
    # Besides: both tables, the benchmark, and two folders.
    assert len(written) == len(runs.every()) + 5
    assert (stale.parent / "speedruns/lenet5.json").is_file()
    kept = {path.stem for path in (stale.parent / "sweeps").iterdir()}
    assert kept == set(sweep.every()) and "made-up" in kept
