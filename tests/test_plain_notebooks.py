"""The notebooks beside the chapters: in step, in plain Markdown, and whole in an empty folder."""

import re
import shutil

import nbformat
import pytest
import yaml
from building import REPOSITORY, extension

plain_notebooks = extension("plain_notebooks")
BOOK = plain_notebooks.Book(REPOSITORY / "book")
URL = yaml.safe_load((REPOSITORY / "_config.yml").read_text())["repository"]["url"]
PLAIN = {
    "It is right in {glue:text}`accuracy:.0%` of the cases.": "It is right in 59% of the cases.",
    "{glue:text}`../models/lenet5.md::epochs` epochs": "50 epochs",
    "as in {cite}`lecun1998gradient`": "as in [LeCun et al., 1998]",
    "{cite:p}`chollet2015keras,lin2014network`": "[Chollet et al., 2015; Lin et al., 2014]",
    "{cite:t}`zeiler2014visualizing` saw it": "Zeiler and Fergus (2014) saw it",
    "a {term}`kernel`, {term}`kernels <kernel>`": "a kernel, kernels",
    "(here)=\n## A heading": "## A heading",
    "[the data](../experiment/data.md)": f"[the data]({URL}/blob/main/book/experiment/data.ipynb)",
    "[sources](../reference/bibliography.md#a)": "[sources]"
    f"({URL}/blob/main/book/reference/bibliography.md)",
    "[below](#here), [there](https://example.org)": "below, [there](https://example.org)",
    '<a href="../records/results.csv" download>file</a>': "<a href="
    '"https://cnn-explainer.github.io/cnn-explainer/records/results.csv" download>file</a>',
    ":::{dropdown} Solution\n{glue:text}`epochs`.\n:::": "<details>\n<summary>Solution</summary>"
    "\n\n50.\n\n</details>",
    "```{admonition} Why?\n:class: tip\nBecause.\n```": "> **Why?**\n>\n> Because.",
    "::::{grid} 1 2\n:gutter: 3\n\n:::{grid-item-card} Pooling\n:link: pooling\n:link-type: doc\n"
    "A\nwindow.\n:::\n::::": f"- [Pooling]({URL}/blob/main/book/concepts/pooling.ipynb): A window.",
    '<div class="cnn-playground" data-small>\n<p>…</p>\n</div>': "*In the book, a live network is"
    " here: [see it there](https://cnn-explainer.github.io/cnn-explainer/concepts/page.html).*",
    "```python\n:::{x}\n{role}`y`\n```": "```python\n:::{x}\n{role}`y`\n```",
    "$X_{i,j}$ and `{}`": "$X_{i,j}$ and `{}`",
}
CHAPTERS = BOOK.chapters
LEFT_OF_MYST = re.compile(r"\{[\w:-]+\}`|^(?:`{3,}|:{3,})\{|^:::|^\([\w-]+\)=$", re.MULTILINE)


def value(page, key):
    """What the examples hand over."""
    return {("concepts/page", "accuracy"): "0.594", ("models/lenet5", "epochs"): "50",
            ("concepts/page", "epochs"): "50"}[page, key]  # fmt: skip


def plain(text):
    return plain_notebooks.Markdown(BOOK, "concepts/page", value).plain(text)


def markdown(chapter):
    notebook = nbformat.read(BOOK.folder / f"{chapter}.ipynb", as_version=4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


@pytest.mark.parametrize("text", PLAIN)
def test_what_becomes_of_myst(text):
    assert plain(text) == PLAIN[text]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```{mermaid}\nA-->B\n```", "the directive mermaid"),
        ("see {numref}`figure`", "the role numref"),
        ("{cite}`nobody1900`", "no source nobody1900"),
    ],
)
def test_what_has_no_plain_markdown_is_an_error(text, complaint):
    with pytest.raises(ValueError, match=f"concepts/page: .*{complaint}"):
        plain(text)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_notebook_is_in_step(chapter):
    """`make notebooks` writes it."""
    assert BOOK.fault(chapter) == ""


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_nothing_of_myst_is_left(chapter):
    assert LEFT_OF_MYST.findall("\n\n".join(markdown(chapter))) == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_links_lead_to_files_of_the_repository(chapter):
    for path in re.findall(rf"{URL}/blob/main/([^)#\"]+)", "\n".join(markdown(chapter))):
        assert (REPOSITORY / path).is_file(), path


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_it_needs_nothing_but_what_its_first_cell_installs(chapter):
    notebook = nbformat.read(BOOK.folder / f"{chapter}.ipynb", as_version=4)
    first, *others = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert "cnn_explainer" in first and f"git+{URL}@main" in first
    assert not re.search(r"\b(?:myst_nb|jupyter_book|pip install)\b", "\n".join(others))


def changed(folder, change):
    """A book of one chapter whose notebook was changed."""
    for name in ("reference/records.md", "reference/records.ipynb"):
        (folder / "book/reference").mkdir(parents=True, exist_ok=True)
        shutil.copy(BOOK.folder / name, folder / "book" / name)
    shutil.copy(REPOSITORY / "_config.yml", folder)
    path = folder / "book/reference/records.ipynb"
    notebook = nbformat.read(path, as_version=4)
    change(notebook.cells)
    nbformat.write(notebook, path)
    return plain_notebooks.Book(folder / "book").fault("reference/records")


def edit(cells):
    cells[1].source = cells[1].source.replace("record", "note")


def put_out(cells):
    cells[0].execution_count = 1


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (edit, "differs from it in the cell '# The notes"),
        (lambda cells: cells.pop(), "cells in place of"),
        (put_out, "holds outputs"),
    ],
)
def test_a_notebook_out_of_step_is_noticed(tmp_path, change, fault):
    assert fault in changed(tmp_path, change)


def test_a_missing_notebook_is_noticed(tmp_path):
    changed(tmp_path, edit)
    (tmp_path / "book/reference/records.ipynb").unlink()
    assert "no notebook" in plain_notebooks.Book(tmp_path / "book").fault("reference/records")


def test_written_anew_it_is_in_step(tmp_path):
    assert changed(tmp_path, edit)
    book = plain_notebooks.Book(tmp_path / "book")
    assert [path.name for path in plain_notebooks.write(book, value)] == ["records.ipynb"]
    assert book.fault("reference/records") == ""
    assert list(plain_notebooks.write(book, value)) == []
