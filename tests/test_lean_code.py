"""Code in which only what looks unlike plain text is marked."""

from bs4 import BeautifulSoup
from building import extension
from pygments import highlight
from pygments.lexers import PythonLexer, YamlLexer

formatter = extension("lean_code").formatter
CODE = 'def area(sides: int = 2) -> float:\n    return sides**0.5  # "sides" & <more>'


def marked(*styles, code=CODE, lexer=PythonLexer) -> tuple[str, list[str]]:
    """The code as it is read, and what is marked in it."""
    page = BeautifulSoup(highlight(code, lexer(), formatter(*styles)()), "html.parser")
    return page.pre.get_text().rstrip(), [span.get_text() for span in page.select("span[class]")]


def test_names_and_brackets_that_look_like_plain_text_are_not_marked():
    text, marks = marked("a11y-high-contrast-light", "a11y-high-contrast-dark")
    assert text == CODE
    assert marks == [
        *("def", "area", "int", "=", "2", "->", "float", "return", "**", "0.5"),
        '# "sides" & <more>',
    ]


def test_what_one_of_two_styles_tells_apart_is_marked():
    # The first knows no colours, yet writes keywords in bold; the second has one for names.
    styles = ["bw", "tango"]
    plain, colourful = (set(marked(each)[1]) for each in styles)
    assert "sides" in colourful - plain
    assert "def" in plain
    assert set(marked(*styles)[1]) == plain | colourful


def test_what_a_lexer_calls_by_a_name_of_its_own_is_known_by_the_kind_above_it():
    text, marks = marked("a11y-high-contrast-light", code="rates: [low]", lexer=YamlLexer)
    assert text == "rates: [low]"
    assert marks == ["rates", "low"]
