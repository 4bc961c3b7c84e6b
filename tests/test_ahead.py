"""Notebooks are executed at the same time, each with variables of its own."""

import nbformat
import pytest
from building import extension

ahead = extension("ahead")
WAITING = """\
import os, time
from pathlib import Path
Path(os.environ["MINE"]).touch()
while not Path(os.environ["OTHER"]).exists():
    time.sleep(0.1)
print(os.environ["MINE"])
"""


def notebook(code):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])


@pytest.fixture(scope="module")
def thread():
    return ahead.Ahead()


@pytest.mark.skipif(ahead.AT_ONCE < 2, reason="one core: one notebook at a time")
def test_two_that_wait_for_each_other_come_to_their_end(thread, tmp_path):
    names = ("one", "two")
    notebooks = [notebook(WAITING) for _ in names]
    begun = [
        thread.begin(each, tmp_path, 60, MINE=mine, OTHER=other)
        for each, mine, other in zip(notebooks, names, reversed(names), strict=True)
    ]
    assert all(each.result(timeout=120) > 0 for each in begun)
    assert [each.cells[0].outputs[0].text for each in notebooks] == ["one\n", "two\n"]


@pytest.mark.parametrize("code", ["1 / 0", "import os; os._exit(1)", "import time; time.sleep(60)"])
def test_one_that_fails_gives_no_time(thread, tmp_path, code):
    assert thread.begin(notebook(code), tmp_path, 2).result(timeout=60) is None
