"""The build's hooks, on a book of three chapters about a package of two modules.

Chapter `a` shows a number from `toy.one`, `b` a record of the user's if there is one, `c` has
nothing of its own but the number of `a`, by `glue`.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from building import COMMAND, REPOSITORY, Build, build, environment
from filelock import FileLock

HEADER = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---
"""
CHAPTERS = {
    "a": """
# A

The energy is $E = mc^2$.

```{code-cell}
from myst_nb import glue
from toy.one import NUMBER

glue("number", NUMBER, display=False)
print("a shows", NUMBER)
```
""",
    "b": """
# B

```{code-cell}
from toy import two

print("b shows", two.record())
```
""",
    "c": """
# C

```{code-cell}
print("no file of the package's")
```

The number is {glue:text}`a.md::number:d`.
""",
}
TWO = """
import os
from pathlib import Path

def record():
    path = Path(os.environ["TOY_HOME"], "record.txt")
    return path.read_text() if path.exists() else "nothing"
"""


class Book:
    """A folder with the toy book, its package and the user's folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.one = folder / "src/toy/one.py"
        self.two = folder / "src/toy/two.py"
        self.home = folder / "home"
        self.record = self.home / "record.txt"
        self.environment = {"PYTHONPATH": folder / "src", "TOY_HOME": self.home}

    def write(self):
        for path, text in {
            self.folder / "src/toy/__init__.py": "",
            self.one: "NUMBER = 1234\n",
            self.two: TWO,
            self.folder / "book/_static/style.css": "p { color: inherit }\n",
            self.folder / "book/_toc.yml": "format: jb-book\nroot: index\nchapters:\n"
            "- file: a\n- file: b\n- file: c\n",
            self.folder / "book/index.md": "# Toy\n\nA page without maths.\n",
        }.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for name, text in CHAPTERS.items():
            self.chapter(name).write_text(HEADER + text)
        self.home.mkdir()
        self.configure()

    def configure(self, left_out=("live_models", "playground", "plain_notebooks")):
        """The real book's settings, with the toy's folders to watch.

        The toy has no live networks, and no notebooks, which each edit would put out of step.
        """
        settings = yaml.safe_load((REPOSITORY / "_config.yml").read_text())
        del settings["bibtex_bibfiles"]
        sphinx = settings["sphinx"]
        for name in left_out:
            del sphinx["local_extensions"][name]
            sphinx["config"]["extensions"].remove(name)
        sphinx["local_extensions"] = dict.fromkeys(
            sphinx["local_extensions"], str(REPOSITORY / "book/_ext")
        )
        del sphinx["config"]["bibtex_reference_style"], sphinx["config"]["bibtex_default_style"]
        sphinx["config"]["extensions"].remove("sphinxcontrib.bibtex")
        sphinx["config"]["execution_preload"] = ["colorsys"]
        sphinx["config"]["execution_roots"] = {
            "package": str(self.folder / "src/toy"),
            "user": str(self.home),
        }
        (self.folder / "_config.yml").write_text(yaml.safe_dump(settings))

    def chapter(self, name: str) -> Path:
        return self.folder / f"book/{name}.md"

    def edit(self, path: Path, old: str, new: str):
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    def page(self, name: str) -> str:
        return (self.folder / f"_build/html/{name}.html").read_text()

    def text(self, name: str) -> str:
        """What the page says, without its tags."""
        return re.sub("<[^>]*>", "", self.page(name))

    def build(self, **variables) -> Build:
        return build(self.folder, **self.environment, **variables)

    def good_build(self) -> Build:
        result = self.build()
        assert result.status == 0, result.log
        return result


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The book, built once; in a folder that make and shells could stumble over."""
    book = Book(tmp_path_factory.mktemp("toy") / "ein Büchlein")
    book.write()
    assert book.good_build().executed == ["a", "b", "c"]
    return book


@pytest.fixture
def book(built, tmp_path):
    """A copy of it, moved elsewhere. Its outputs are still good."""
    copy = Book(tmp_path / "das Büchlein")
    shutil.copytree(built.folder, copy.folder)
    copy.configure()
    return copy


def test_nothing_is_executed_again_when_nothing_changed(built):
    pages = {path: path.stat().st_mtime_ns for path in built.folder.glob("_build/html/*.html")}
    for source in (built.one, built.two):
        source.touch()
    assert built.good_build().executed == []
    assert {path: path.stat().st_mtime_ns for path in pages} == pages


def test_a_change_in_the_package_concerns_who_imported_it(book):
    book.edit(book.one, "1234", "5678")
    assert book.good_build().executed == ["a"]
    assert "a shows 5678" in book.text("a")
    # Another page shows the number too, and must not keep the old one.
    assert "The number is 5678" in book.text("c")


def test_a_record_concerns_who_looked_for_it(book):
    assert "b shows nothing" in book.text("b")
    book.record.write_text("something")
    assert book.good_build().executed == ["b"]
    assert "b shows something" in book.text("b")
    book.record.unlink()
    assert book.good_build().executed == ["b"]
    assert "b shows nothing" in book.text("b")


def test_other_places_with_other_records_are_noticed(book):
    book.home = book.folder / "another home"
    book.environment["TOY_HOME"] = book.home
    book.home.mkdir()
    (book.home / "record.txt").write_text("elsewhere")
    book.configure()
    assert book.good_build().executed == ["b"]
    assert "b shows elsewhere" in book.text("b")


def test_prose_is_read_again_and_not_executed(book):
    book.edit(book.chapter("a"), "The energy", "All energy")
    assert book.good_build().executed == []
    assert "All energy" in book.text("a") and "a shows 1234" in book.text("a")


def test_a_changed_cell_is_executed(book):
    book.edit(book.chapter("a"), '"a shows"', '"a says"')
    assert book.good_build().executed == ["a"]
    assert "a says 1234" in book.text("a")


def test_changed_versions_concern_all(book):
    for state in book.folder.glob("_build/.execution/*.json"):
        content = json.loads(state.read_text())
        state.write_text(json.dumps(content | {"environment": "of last year"}))
    assert book.good_build().executed == ["a", "b", "c"]


def test_damaged_notes_mean_execution(book):
    (book.folder / "_build/.execution/a.json").write_text("{")
    assert book.good_build().executed == ["a"]


def test_a_failing_cell_fails_the_build_each_time(book):
    book.edit(book.one, "1234", "1 / 0")
    for _ in range(2):
        result = book.build()
        assert result.status != 0
        assert "ZeroDivisionError" in result.log
    book.edit(book.one, "1 / 0", "9")
    assert book.good_build().executed == ["a"]
    assert "a shows 9" in book.text("a") and "The number is 9" in book.text("c")


def test_who_waits_for_a_failing_chapter_waits_for_no_other(book):
    book.edit(book.chapter("a"), "from toy", "1 / 0\nfrom toy")
    book.edit(book.chapter("b"), "from toy", "import time; time.sleep(300)\nfrom toy")
    began = time.monotonic()
    result = book.build()
    assert result.status != 0
    assert "ZeroDivisionError" in result.log
    assert time.monotonic() - began < 200
    assert "IPKernelApp" not in result.log and "atexit" not in result.log


def test_a_warning_is_given_each_time(book):
    book.edit(book.chapter("c"), "a.md::number", "a.md::numbre")
    for _ in range(2):
        result = book.build()
        assert result.status != 0
        assert "'numbre' not found" in result.log


def test_killed_at_any_moment_the_next_build_is_right(book):
    """`kill -9` while a cell runs, and soon after it; the page must show the new number."""
    book.edit(book.one, "NUMBER = 1234", "import time\n\ntime.sleep(2)\nNUMBER = 4321")
    begun = b"Executing notebook"
    for seconds_more in (0.5, 3.2, 3.6):
        with subprocess.Popen(
            [*COMMAND, "--keep-going"],
            cwd=book.folder,
            env=environment(**book.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            while (line := process.stdout.readline()) and begun not in line:
                pass
            time.sleep(seconds_more)
            os.killpg(process.pid, signal.SIGKILL)
    book.good_build()
    for page, text in {"a": "a shows 4321", "c": "The number is 4321"}.items():
        assert text in book.text(page)
    assert book.good_build().executed == []


@pytest.fixture
def heard():
    """A process that is begun now hears Ctrl-C, though the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_interrupted_while_chapters_are_executed_it_ends(book, heard):
    for name in "ab":
        book.edit(book.chapter(name), "from toy", "import time; time.sleep(300)\nfrom toy")
    with subprocess.Popen(
        COMMAND,
        cwd=book.folder,
        env=environment(**book.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        while (line := process.stdout.readline()) and b"Executing notebook" not in line:
            pass
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        assert process.returncode != 0 and b"IPKernelApp" not in said


def test_what_was_left_half_written_is_written_again(book):
    """As after a `kill -9` between two pages: Sphinx by itself would take them as they are."""
    for page in ("a", "c"):
        (book.folder / f"_build/html/{page}.html").write_text("<html><p>hal")
    (book.folder / "_build/.unfinished").touch()
    card = book.folder / "_build/html/_static/card.png"
    card.unlink()
    assert book.good_build().executed == []
    assert card.stat().st_size > 1000
    assert "a shows 1234" in book.text("a") and "The number is 1234" in book.text("c")


def test_a_second_build_at_the_same_time_is_refused(book):
    with FileLock(book.folder / "_build/.building.lock"):
        result = book.build()
    assert result.status != 0
    assert "another build is running" in result.log
    assert book.good_build().executed == []


def test_what_is_missing_is_refused_in_a_sentence(book):
    book.configure(left_out=("live_models", "playground"))
    (book.folder / "book/forgotten.md").write_text("# A page that the contents forget\n")
    (book.folder / "book/dot.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    book.edit(book.chapter("b"), "# B\n", "# B\n\n![A dot](dot.svg)\n")
    result = book.build()
    assert result.status != 0
    for sentence in (
        r"forgotten.md: WARNING: document isn't included in any toctree",
        r"b.md:\d+: WARNING: the picture dot.svg has no text that says what it shows",
        r"b.md: WARNING: it has no notebook that can be read beside it",
    ):
        assert re.search(sentence, result.log), result.log[-3000:]


def linked(book: Book) -> list[str]:
    return re.findall(r"style\.css\?v=\w+", book.page("index"))


def test_a_changed_style_sheet_reaches_the_pages(book):
    before = linked(book)
    style = book.folder / "book/_static/style.css"
    book.edit(style, "inherit", "black")
    assert book.good_build().executed == []
    copied = book.folder / "_build/html/_static/style.css"
    assert copied.read_text() == style.read_text()
    # The link names the new content, or a browser would show the page with the old.
    assert linked(book) != before


def test_mathjax_is_on_the_pages_with_maths_and_comes_from_the_site(built):
    starter = "_static/mathjax/formulas.js"
    assert starter in built.page("a")
    assert "mathjax/" not in built.page("b")
    static = built.folder / "_build/html/_static"
    assert "tex-chtml.js" in (static / "mathjax/formulas.js").read_text()
    assert "fonts/woff-v2" in (static / "mathjax/tex-chtml.js").read_text()
    assert (static / "mathjax/output/chtml/fonts/woff-v2/MathJax_Main-Regular.woff").exists()
