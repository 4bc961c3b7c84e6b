"""The page of the package's public functions and classes, from their docstrings.

The docstrings are Markdown as they are. The modules' text is read, not imported, as half of them
would load TensorFlow.
"""

import ast
import re
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import cnn_explainer

PAGE = "reference/api"
PACKAGE = Path(cnn_explainer.__file__).parent
WIDE_ARROW = re.compile(r" {2}->|-> {2}")
"""From an example to what it gives."""


def setup(app):
    """Connect to Sphinx."""
    app.connect("source-read", _write)
    app.connect("html-page-context", _fold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write(app, docname, source):
    if docname == PAGE:
        for path in sorted(PACKAGE.rglob("*.py")):
            app.env.note_dependency(str(path))
        source[0] += "\n\n".join(["", *reference()])


def _fold(app, pagename, templatename, context, doctree):
    """Beside the page the modules are listed, and the names of the one that is read."""
    if pagename == PAGE:
        context["theme_show_toc_level"] = 1


def reference() -> Iterator[str]:
    """The page's parts, in Markdown."""
    for module in sorted(set(cnn_explainer.__all__)):
        file, folder = PACKAGE / f"{module}.py", PACKAGE / module
        if folder.is_dir():
            yield from _package(module, folder)
        elif file.exists():
            tree = ast.parse(file.read_text("utf-8"))
            yield from _module(module, tree, [each for each in tree.body if _is_public(each)])


def _package(name: str, folder: Path) -> Iterator[str]:
    init = ast.parse((folder / "__init__.py").read_text("utf-8"))
    public = next(
        ast.literal_eval(each.value)
        for each in init.body
        if isinstance(each, ast.Assign) and each.targets[0].id == "__all__"
    )
    found = {
        each.name: each
        for path in sorted(folder.glob("*.py"))
        for each in ast.parse(path.read_text("utf-8")).body
        if _is_public(each) and each.name in public
    }
    yield from _module(name, init, [found[each] for each in public if each in found])


def _module(name: str, tree: ast.Module, parts: list) -> Iterator[str]:
    documented = [part for part in parts if ast.get_docstring(part)]
    if documented:
        yield f"## `{name}`"
        yield ast.get_docstring(tree)
        for part in documented:
            yield f"### `{name}.{part.name}`"
            yield f"```python\n{_signature(part)}\n```"
            yield _text(part)
            if isinstance(part, ast.ClassDef):
                yield "\n".join(_fields(part))
                yield from _methods(part)


def _fields(part: ast.ClassDef) -> Iterator[str]:
    """A point each: its name, kind and default, and the text below it, if there is one."""
    for field, after in pairwise([*part.body, None]):
        if _is_field(field, part):
            match after:
                case ast.Expr(ast.Constant(str(text))):
                    said = ": " + " ".join(text.split())
                case _:
                    said = ""
            yield f"- `{ast.unparse(field)}`{said}"


def _is_field(field: ast.stmt, part: ast.ClassDef) -> bool:
    match field:
        case ast.AnnAssign(ast.Name(name)):
            return not name.startswith("_")
        case ast.Assign():  # Of a member; elsewhere it is none that a reader uses.
            return any("Enum" in ast.unparse(base) for base in part.bases)
    return False


def _methods(part: ast.ClassDef) -> Iterator[str]:
    for method in filter(_is_public, part.body):
        if ast.get_docstring(method):
            yield f"**`{method.name}`**: {_text(method)}"


def _text(part) -> str:
    """The docstring, with its examples as code; not all of them are indented."""
    return "\n\n".join(
        textwrap.indent(textwrap.dedent(each), "    ") if WIDE_ARROW.search(each) else each
        for each in ast.get_docstring(part).split("\n\n")
    )


def _signature(part) -> str:
    if isinstance(part, ast.ClassDef):
        named = map(ast.unparse, part.bases)
        bases = ", ".join(name for name in named if not name.startswith("_"))
        return f"class {part.name}({bases})" if bases else f"class {part.name}"
    returned = f" -> {ast.unparse(part.returns)}" if part.returns else ""
    line = f"{part.name}({ast.unparse(part.args)}){returned}"
    if len(line) <= 88:
        return line
    # A comma inside of brackets is none between arguments.
    arguments = re.split(r", (?![^\[(]*[\])])", ast.unparse(part.args))
    return "\n".join([f"{part.name}(", *(f"    {each}," for each in arguments), f"){returned}"])


def _is_public(part: ast.stmt) -> bool:
    kinds = ast.FunctionDef | ast.ClassDef
    # The last is for Pydantic.
    return isinstance(part, kinds) and not part.name.startswith(("_", "model_post_init"))
