"""The built site is whole, it is the site's own, and it is not built twice."""

import re
import time
from urllib.parse import unquote, urldefrag, urlsplit

import jupytext
import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from building import REPOSITORY, build

from cnn_explainer import datasets

BOOK = REPOSITORY / "book"
LOADING = {"link": "href", "use": "href", "object": "data"} | dict.fromkeys(
    ("script", "img", "iframe", "source", "video", "audio", "embed"), "src"
)
"""What a browser fetches without being asked."""


def contents() -> list[str]:
    """All pages of the table of contents, the first one included."""
    toc = yaml.safe_load((REPOSITORY / "_toc.yml").read_text())
    return [toc["root"], *(page["file"] for part in toc["parts"] for page in part["chapters"])]


CHAPTERS = [page for page in contents() if "{code-cell}" in (BOOK / f"{page}.md").read_text()]


@pytest.fixture(scope="module")
def pages(site):
    """The parsed pages by path."""
    return {path: BeautifulSoup(path.read_text(), "html.parser") for path in site.rglob("*.html")
            if "_static" not in path.parts}  # fmt: skip


def test_the_contents_name_every_chapter_and_no_other():
    written = {
        path.relative_to(BOOK).with_suffix("").as_posix()
        for path in BOOK.rglob("*.md")
        if not any(part.startswith("_") for part in path.relative_to(BOOK).parts)
    }
    assert written == set(contents())


@pytest.mark.parametrize("page", contents())
def test_every_page_is_there(pages, site, page):
    title = pages[site / f"{page}.html"].h1
    assert title is not None and title.get_text(strip=True)


def test_every_link_leads_somewhere(pages, site):
    broken = []
    for path, page in pages.items():
        for tag in page.find_all(["a", "img", "link", "script", "source"]):
            target = tag.get("href") or tag.get("src")
            if not target or urlsplit(target).scheme:
                continue
            place, fragment = urldefrag(target)
            place = unquote(urlsplit(place).path)
            file = (path.parent / place).resolve() if place else path
            if not file.is_file():
                broken.append(f"{path.relative_to(site)}: {target}")
            elif fragment and file in pages and not pages[file].find(id=unquote(fragment)):
                broken.append(f"{path.relative_to(site)}: {target} (no such place)")
    assert broken == []


def test_every_picture_says_what_it_shows(pages, site):
    silent = [
        f"{path.relative_to(site)}: {str(picture)[:80]}"
        for path, page in pages.items()
        for picture in page.select("article img:not([alt])")
    ]
    assert silent == []


def test_nothing_comes_from_another_host(pages, site):
    fetched = [
        tag[attribute]
        for page in pages.values()
        for name, attribute in LOADING.items()
        for tag in page.find_all(name)
        if tag.get(attribute)
    ]
    fetched += [
        address
        for style in site.rglob("*.css")
        for address in re.findall(r"(?:url\(|@import )[\"']?([^\"')]+)", style.read_text())
    ]
    assert len(fetched) > 50
    assert [each for each in fetched if re.match(r"(https?:)?//", each)] == []


def test_a_second_build_takes_seconds_and_executes_nothing(book):
    folder, variables = book
    began = time.monotonic()
    result = build(folder, **variables)
    assert result.status == 0 and result.executed == []
    assert time.monotonic() - began < 15


def test_without_data_a_note_says_what_is_missing(pages, site):
    note = pages[site / "experiment/data.html"].select_one(".cnn-note")
    assert note is not None and "TFDS_DATA_DIR" in note.get_text()


def test_with_data_only_what_looked_for_it_is_executed(book, real_data, tmp_path):
    folder, variables = book
    try:
        result = build(folder, **variables | {"TFDS_DATA_DIR": datasets.data_folder()})
        assert result.status == 0, result.log[-6000:]
        assert "experiment/data" in result.executed
        assert "concepts/convolution" not in result.executed
        page = BeautifulSoup(
            (folder / "_build/html/experiment/data.html").read_text(), "html.parser"
        )
        assert page.select_one(".cnn-note") is None
        assert page.select_one("figure.cnn-figure") is not None
    finally:
        # For the other tests, the book as it was.
        assert build(folder, **variables).status == 0


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_notebook_beside_a_chapter_is_in_step(chapter):
    """`make notebooks` writes it."""
    there = nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4)
    wanted = jupytext.read(BOOK / f"{chapter}.md")
    assert [(cell.cell_type, cell.source) for cell in there.cells] == [
        (cell.cell_type, cell.source) for cell in wanted.cells
    ]
    assert not any(cell.get("outputs") for cell in there.cells)
    assert not any(cell.get("execution_count") for cell in there.cells)
