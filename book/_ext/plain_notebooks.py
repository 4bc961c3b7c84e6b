"""Each chapter once more as a notebook, in the plain Markdown that Colab and Binder show.

    python book/_ext/plain_notebooks.py        # writes them; `make notebooks` builds the book first

The code is the chapter's. In the text, a directive or a role of MyST becomes what says the same
in Markdown: a number that a cell handed over is written out as the last build gave it, a source
is named, a link leads to the repository. One that has no rule here is an error, so that nothing
odd slips through. The first cell is the notebook's own: it installs the package where it is
missing.

As an extension of Sphinx, this warns of a notebook that is not in step with its chapter, and
puts the notebooks where the site's download buttons lead.
"""

import json
import posixpath
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jupytext
import nbformat
import yaml
from myst_nb.core.variables import format_plain_text
from nbformat.notebooknode import NotebookNode
from pybtex.database import BibliographyData, Person, parse_file
from pybtex.richtext import Text
from sphinx.util import logging

logger = logging.getLogger(__name__)
Value = Callable[[str, str], str]
"""The number that a page handed over by `glue` under a key, as text."""

FENCED = re.compile(
    r"^(?P<fence>`{3,}|:{3,})(?:\{(?P<directive>[\w-]+)\})?[ ]*(?P<title>[^\n]*)\n"
    r"(?P<options>(?::[\w-]+:[^\n]*\n)*)(?P<body>.*?)^(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
ROLE = re.compile(r"(?<!`)\{(?P<name>[a-z:]+)\}`(?P<content>[^`]+)`")
LABEL = re.compile(r"^\([\w-]+\)=\n", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?!https?:)(?P<target>[^)\s]+)\)")
HTML_LINK = re.compile(r'(?<=<a href=")(?!https?:|#)[^"]+')
PLAYGROUND = re.compile(r'<div class="cnn-playground".*?</div>', re.DOTALL)
NEEDS_TRAINING = re.compile(r"\bkeras\b|\bcnn\.(restore|train|models|datasets\.load)\b")
SOLUTIONS = {"hide-cell", "hide-input", "remove-cell", "remove-input"}
"""The code of cells with these tags is folded away, as in the book."""
FIRST_CELL = """\
# Only in the notebook: where the book's package is missing, as in Colab, this installs it.
from importlib.util import find_spec

if not find_spec("cnn_explainer"):
    %pip install --quiet "cnn-explainer{extra} @ git+{url}@{branch}"
"""
ANYTHING = "\0"
"""Stands for a number that the check does not know: it looks at the words around it."""


@dataclass(frozen=True)
class Book:
    """The chapters of a folder, with the settings and the sources beside them."""

    folder: Path

    @cached_property
    def repository(self) -> dict[str, str]:
        """Where it lives: `url`, `branch`, `path_to_book`."""
        settings = yaml.safe_load((self.folder.parent / "_config.yml").read_text("utf-8"))
        return settings["repository"]

    @cached_property
    def sources(self) -> BibliographyData:
        """The bibliography."""
        return parse_file(self.folder / "references.bib")

    @property
    def chapters(self) -> list[str]:
        """The pages that have cells, without `.md`."""
        return [
            path.relative_to(self.folder).with_suffix("").as_posix()
            for path in sorted(self.folder.rglob("*.md"))
            if path.read_text("utf-8").startswith("---\njupytext:")
        ]

    def notebook(self, page: str, value: Value) -> NotebookNode:
        """A chapter as a notebook without outputs."""
        made = jupytext.read(self.folder / f"{page}.md")
        code = "\n".join(cell.source for cell in made.cells if cell.cell_type == "code")
        extra = "[train]" if NEEDS_TRAINING.search(code) else ""
        first = FIRST_CELL.format(extra=extra, **self.repository).strip()
        made.cells.insert(0, nbformat.v4.new_code_cell(first, metadata={"tags": ["remove-cell"]}))
        for i, cell in enumerate(made.cells):
            cell.id = f"cell-{i}"
            if cell.cell_type == "markdown":
                cell.source = Markdown(self, page, value).plain(cell.source)
            elif SOLUTIONS & set(cell.metadata.get("tags", [])):
                cell.metadata.update(cellView="form", jupyter={"source_hidden": True})
        made.metadata = {"kernelspec": made.metadata["kernelspec"]}
        return made

    def fault(self, page: str) -> str:
        """Say what is not in step in a chapter's notebook; nothing, if all is."""
        path = self.folder / f"{page}.ipynb"
        try:
            there = nbformat.read(path, as_version=4)
        except (OSError, ValueError):
            return "it has no notebook that can be read beside it"
        try:
            wanted = self.notebook(page, lambda *_: ANYTHING)
        except ValueError as error:
            return f"no notebook can be made of it: {error}"
        if len(there.cells) != len(wanted.cells):
            return f"its notebook has {len(there.cells)} cells in place of {len(wanted.cells)}"
        for cell, other in zip(wanted.cells, there.cells, strict=True):
            pattern = re.escape(cell.source).replace(re.escape(ANYTHING), ".+?")
            same = cell.cell_type == other.cell_type and cell.metadata == other.metadata
            if not same or not re.fullmatch(pattern, other.source):
                return f"its notebook differs from it in the cell {other.source[:60]!r}"
            if other.get("outputs") or other.get("execution_count"):
                return "its notebook holds outputs"
        return ""


@dataclass(frozen=True)
class Markdown:
    """What turns one page's MyST into plain Markdown."""

    book: Book
    page: str
    value: Value

    def plain(self, text: str) -> str:
        """The text without roles and directives. Raises `ValueError` for one that is unknown."""
        parts, end = [], 0
        for block in FENCED.finditer(text):
            parts.append(self._prose(text[end : block.start()]))
            parts.append(self._directive(block) if block["directive"] else block[0])
            end = block.end()
        return "".join([*parts, self._prose(text[end:])])

    def _prose(self, text: str) -> str:
        text = PLAYGROUND.sub(self._playground, LABEL.sub("", text))
        text = HTML_LINK.sub(lambda found: self._on_site(found[0]), LINK.sub(self._link, text))
        return ROLE.sub(self._role, text)

    def _directive(self, found: re.Match) -> str:
        title, body = found["title"], self.plain(found["body"]).strip()
        link = re.search(r"^:link: *(\S+)$", found["options"], re.MULTILINE)
        match found["directive"]:
            case "dropdown":
                return f"<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>"
            case "admonition" | "note" | "tip" | "warning" | "important" as name:
                lines = [f"**{title or name.capitalize()}**", "", *body.split("\n")]
                return "\n".join(f"> {line}".rstrip() for line in lines)
            case "grid":
                return body
            case "grid-item-card":
                name = f"[{title}]({self._in_repository(link[1])})" if link else f"**{title}**"
                return f"- {name}: {' '.join(body.split())}"
            case "literalinclude":
                return f"[{posixpath.basename(title)}]({self._file(title)})"
            case "math":
                return f"$$\n{body}\n$$"
        name = found["directive"]
        raise ValueError(f"{self.page}: the directive {name} has no plain Markdown yet")

    def _role(self, found: re.Match) -> str:
        name, content = found["name"], found["content"]
        match name:
            case "glue:text":
                place, _, target = content.rpartition("::")
                key, _, spec = target.partition(":")
                page = self._beside(place.removesuffix(".md")) if place else self.page
                text = self.value(page, key)
                return text if text == ANYTHING else format_plain_text(text, spec)
            case "cite" | "cite:p":
                return f"[{'; '.join(self._source(key, ', ') for key in content.split(','))}]"
            case "cite:t":
                return ", ".join(f"{self._source(key, ' (')})" for key in content.split(","))
            case "term":
                return content.partition(" <")[0]
        raise ValueError(f"{self.page}: the role {name} has no plain Markdown yet")

    def _source(self, key: str, between: str) -> str:
        """Authors and year, as the book cites them."""
        entry = self.book.sources.entries.get(key.strip())
        if entry is None:
            raise ValueError(f"{self.page}: references.bib has no source {key.strip()}")
        names = [_last_name(person) for person in entry.persons["author"]]
        many = len(names) > 2 or names[-1] == "others"
        authors = f"{names[0]} et al." if many else " and ".join(names)
        return f"{authors}{between}{entry.fields['year']}"

    def _link(self, found: re.Match) -> str:
        path, _, _ = found["target"].partition("#")
        # A place on a page has no name outside of the book.
        if not path.endswith(".md"):
            return found["text"]
        return f"[{found['text']}]({self._in_repository(path)})"

    def _in_repository(self, path: str) -> str:
        """The address of a page's notebook, or of its text if it has none."""
        page = path.removesuffix(".md")
        return self._file(f"{page}.{'ipynb' if self._beside(page) in self.book.chapters else 'md'}")

    def _file(self, path: str) -> str:
        """The address of a file in the repository, whose path is seen from the page."""
        repository = self.book.repository
        place = posixpath.normpath(f"{repository['path_to_book']}/{self._beside(path)}")
        return f"{repository['url']}/blob/{repository['branch']}/{place}"

    def _playground(self, _) -> str:
        return f"*In the book, a live network is here: [see it there]({self._on_site()}).*"

    def _on_site(self, path: str | None = None) -> str:
        place = f"{self.page}.html" if path is None else self._beside(path)
        return f"{site_of(self.book.repository['url'])}/{place}"

    def _beside(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.page), path))


def site_of(repository: str) -> str:
    """Where GitHub Pages publishes a repository: `https://owner.github.io/name`."""
    owner, name = repository.rstrip("/").split("/")[-2:]
    return f"https://{owner}.github.io/{name}"


def built_value(build: Path) -> Value:
    """Look numbers up in what the last build left in this folder."""

    def value(page: str, key: str) -> str:
        values = json.loads((build / f"{page}.glue.json").read_text("utf-8"))
        return values[key]["data"]["text/plain"]

    return value


def write(book: Book, value: Value) -> Iterator[Path]:
    """Write the notebooks that are not as they should be, and give their paths."""
    for page in book.chapters:
        path = book.folder / f"{page}.ipynb"
        text = nbformat.writes(book.notebook(page, value)) + "\n"
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            yield path


def _last_name(person: Person) -> str:
    return str(Text.from_latex(" ".join([*person.prelast_names, *person.last_names])))


def setup(app):
    """Connect to Sphinx."""
    # Before `cached_execution` writes into the source.
    app.connect("source-read", _check, priority=400)
    # After the theme has put notebooks with all their outputs there.
    app.connect("build-finished", _offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _check(app, docname, source):
    if not source[0].startswith("---\njupytext:"):
        return
    app.env.note_dependency(str(Path(app.srcdir, f"{docname}.ipynb")))
    if fault := _book(app).fault(docname):
        message = "%s; `make notebooks` writes it"
        logger.warning(message, fault, location=docname, type="notebook")


def _offer(app, exception):
    if exception is None and app.builder.format == "html":
        for page in _book(app).chapters:
            notebook = Path(app.srcdir, f"{page}.ipynb")
            if notebook.exists():
                shutil.copyfile(notebook, Path(app.outdir, "_sources", f"{page}.ipynb"))


def _book(app) -> Book:
    return Book(Path(app.srcdir))


if __name__ == "__main__":
    home = Path(__file__).parents[1]
    for written in write(Book(home), built_value(home.parent / "_build/jupyter_execute")):
        print(written.relative_to(home.parent))
