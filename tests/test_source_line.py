"""The line that says which runs a figure shows."""

import samples

from cnn_explainer import figures, frames, tables
from cnn_explainer.provenance import describe
from cnn_explainer.source_line import Source, ending, joined


def test_a_source_reads_like_its_text_and_knows_its_records():
    source = Source("seed 42", ["a", "b"])
    assert source == "seed 42" and f"{source}!" == "seed 42!"
    assert ending(source) == '<br><small data-records="a b">seed 42</small>'
    assert ending("typed <by> hand") == "<br><small>typed &lt;by&gt; hand</small>"
    name, day = (
        f'<span style="display: inline-block">{each}</span>'
        for each in ("lenet5-with_augmentation", "2026-11-24")
    )
    found = ending("lenet5-with_augmentation · AMD EPYC · 2026-11-24")
    assert found == f"<br><small>{name} · AMD EPYC · {day}</small>"
    assert ending("") == ""


def test_joined_sources_name_each_thing_once():
    first, second = Source("one", ["a", "b"]), Source("two", ["b", "c"])
    both = joined([first, "", second, first, "three"])
    assert both == "one; two; three"
    assert both.records == ("a", "b", "c")


def test_figures_tables_and_frames_name_their_records():
    run = samples.run(seed=7)
    assert describe(run).records == (run.experiment.slug,)
    named = f'data-records="{run.experiment.slug}"'
    figure = figures.confusion(run)
    stepped = frames.stepper([(figure, "One."), (figure, "Two.")], label="Twice")
    for shown in (figure, tables.metrics(run), stepped):
        assert shown._repr_html_().count(named) == 1
