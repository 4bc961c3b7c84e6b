"""The built site is whole, it is the site's own, and it is not built twice."""

import re
import shutil
import time
from urllib.parse import unquote, urldefrag, urlsplit

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from building import REPOSITORY, build, extension

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


SITE_AT_MOST, PAGE_AT_MOST = 10_000_000, 600_000
"""Bytes: of everything together, and of what one page has for itself."""
REPOSITORY_URL = yaml.safe_load((REPOSITORY / "_config.yml").read_text())["repository"]["url"]
plain_notebooks = extension("plain_notebooks")
SITE_URL = plain_notebooks.site_of(REPOSITORY_URL)


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
    names = {path: {tag["id"] for tag in page.find_all(id=True)} for path, page in pages.items()}
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
            elif fragment and unquote(fragment) not in names.get(file, [unquote(fragment)]):
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
    kept = shutil.copytree(folder / "_build", tmp_path / "_build")
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
        check_weight(folder / "_build/html")
    finally:
        # For the other tests, the book as it was.
        shutil.rmtree(folder / "_build")
        shutil.move(kept, folder / "_build")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_its_launch_buttons_lead_to_its_notebook(pages, site, chapter):
    links = pages[site / f"{chapter}.html"].select(".dropdown-launch-buttons a")
    name = REPOSITORY_URL.removeprefix("https://github.com/")
    assert {link.get_text(strip=True): link["href"] for link in links} == {
        "Binder": f"https://mybinder.org/v2/gh/{name}/main?urlpath=lab/tree/book/{chapter}.ipynb",
        "Colab": f"https://colab.research.google.com/github/{name}/blob/main/book/{chapter}.ipynb",
    }
    assert (BOOK / f"{chapter}.ipynb").is_file()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_its_download_is_the_notebook_beside_it(pages, site, chapter):
    button = pages[site / f"{chapter}.html"].select_one(".btn-download-notebook-button")
    downloaded = (site / f"{chapter}.html").parent / button["href"]
    assert downloaded.read_bytes() == (BOOK / f"{chapter}.ipynb").read_bytes()


# What these show comes from records alone, and is the same on each machine.
@pytest.mark.parametrize("chapter", [page for page in CHAPTERS if page.startswith("comparison/")])
def test_numbers_in_a_notebook_are_those_of_the_page(book, chapter):
    """`make notebooks` writes them."""
    value = plain_notebooks.built_value(book[0] / "_build/jupyter_execute")
    wanted = plain_notebooks.Book(BOOK).notebook(chapter, value)
    there = nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4)
    assert [cell.source for cell in there.cells] == [cell.source for cell in wanted.cells]


def test_the_code_of_a_cell_is_seen_without_scrolling(pages, site):
    """A window 1280 pixels wide, with the contents on both sides, has room for 80 characters."""
    wide = [
        f"{path.relative_to(site)}: {line}"
        for path, page in pages.items()
        for cell in page.select(".cell_input pre")
        for line in cell.get_text().splitlines()
        if len(line) > 80
    ]
    assert wide == []


def test_the_site_is_light(site):
    check_weight(site)


def check_weight(site):
    """A page's own weight is what it holds; which networks it fetches, the browser's tests say.

    What is fetched by nobody but who asks for it is not counted: the networks, of which the base
    model's weighs more than all pages together, and the records, of which each training adds one.
    """
    asked_for = {site / "_static" / "models", site / "records"}
    sizes = {
        path: path.stat().st_size
        for path in site.rglob("*")
        if path.is_file() and asked_for.isdisjoint(path.parents)
    }
    heavy = [path for path, size in sizes.items() if path.suffix == ".html" and size > PAGE_AT_MOST]
    assert heavy == []
    heaviest = sorted(sizes.items(), key=lambda each: -each[1])[:9]
    assert sum(sizes.values()) <= SITE_AT_MOST, heaviest


def test_terms_lead_to_the_glossary(pages, site):
    glossary = pages[site / "reference/glossary.html"]
    terms = {term["id"] for term in glossary.select("dt[id]")}
    links = [
        link["href"].partition("#")[2] for page in pages.values() for link in page.select("a.term")
    ]
    assert set(links) <= terms
    assert len(set(links)) > len(terms) / 2
    here = [each.get_text() for each in pages[site / "concepts/convolution.html"].select("a.term")]
    assert len(here) == len(set(here)) > 10


def test_the_package_is_documented(pages, site):
    page = pages[site / "reference/api.html"]
    names = {heading.get_text() for heading in page.select("h3 code")}
    assert {"layers.conv2d", "figures.curves", "runs.load", "claims.check"} <= names
    assert not any("._" in name for name in names)
    code = [each.get_text() for each in page.select("pre")]
    points = {each.get_text().strip() for each in page.select("li")}
    speed = "Training alone, validation aside; the median over the epochs."
    assert f"images_per_second: PositiveFloat: {speed}" in points
    assert {"history: History", "stride: int = 1", "UNTOLD = 'cannot be told'"} <= points
    # In the first, text follows the example; in the second nothing does.
    for example in ("(8, 227, 227, 3) and (11, 11, 3, 96), stride=4 ", "softmax([1000, 1001])  "):
        assert any(example in each for each in code)


def test_beside_the_package_only_its_modules_are_listed(pages, site):
    """Until one is read: its names come then. On other pages the inner sections are listed."""
    listed = "#pst-page-toc-nav ul.visible > .toc-h{}".format
    package, other = pages[site / "reference/api.html"], pages[site / "beyond/searching.html"]
    assert len(package.select(listed(2))) > 20 and not package.select(listed(3))
    assert package.select("#pst-page-toc-nav .toc-h3") and other.select(listed(3))


def test_every_mark_in_code_looks_unlike_the_text_around_it(pages, site):
    """In at least one of the two themes, by the style sheet that the site has."""
    sheet = (site / "_static/pygments.css").read_text()
    rule = re.compile(r'html\[data-theme="(\w+)"\] \.highlight( \.\w+)?\s*\{([^}]*)\}')
    colours = {
        (theme, name.strip(" .")): re.sub(r"background(-color)?:[^;]*;|[\s;]", "", look)
        for theme, name, look in rule.findall(sheet)
    }
    marks = {
        mark
        for page in pages.values()
        for span in page.select("article .highlight pre span[class]")
        for mark in span["class"]
    }
    told_apart = {mark for (theme, mark), colour in colours.items() if colour != colours[theme, ""]}
    assert {"k", "s2", "c1"} < marks
    assert marks <= told_apart


def test_a_page_says_what_it_is_where_it_is_linked_to(pages, site):
    for path, page in pages.items():
        about = {tag["property"]: tag["content"] for tag in page.select("meta[property]")}
        assert about["og:title"] and len(about["og:description"]) > 20
        assert about["og:url"] == f"{SITE_URL}/{path.relative_to(site).as_posix()}"
        assert (site / about["og:image"].removeprefix(f"{SITE_URL}/")).is_file()


def test_every_chapter_has_its_line_in_the_status(pages, site):
    rows = pages[site / "reference/status.html"].select("table tbody tr")
    shown = {row.a.get_text(strip=True) for row in rows}
    assert shown == set(CHAPTERS)
