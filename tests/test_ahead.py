"""Notebooks are executed at the same time, each with variables of its own, in forks or not."""

import asyncio
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

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
ALONE = """\
import os, sys
print("colorsys" in sys.modules, os.getcwd(), os.environ.pop("ONLY", None), globals().get("left"))
left = 1
"""
TELLING = """\
import os, time
from pathlib import Path
Path("parent").write_text(f"{os.getppid()}\\n")
time.sleep(100)
"""
forked_only = pytest.mark.skipif(
    not ahead.forked_kernels.available(), reason="kernels are forked on Linux alone"
)


def notebook(code):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])


def said(notebook):
    return notebook.cells[0].outputs[0].text


@contextmanager
def forking(*modules):
    thread = ahead.Ahead()
    thread.preload(modules)
    try:
        yield thread
    finally:
        thread.close()


@pytest.fixture(scope="module", params=["begun", pytest.param("forked", marks=forked_only)])
def thread(request):
    if request.param == "begun":
        yield ahead.Ahead()
    else:
        with forking("colorsys") as thread:
            yield thread


@pytest.mark.skipif(ahead.AT_ONCE < 2, reason="one core: one notebook at a time")
def test_two_that_wait_for_each_other_come_to_their_end(thread, tmp_path):
    names = ("one", "two")
    notebooks = [notebook(WAITING) for _ in names]
    begun = [
        thread.begin(each, tmp_path, 60, MINE=mine, OTHER=other)
        for each, mine, other in zip(notebooks, names, reversed(names), strict=True)
    ]
    assert all(each.result(timeout=120) > 0 for each in begun)
    assert [said(each) for each in notebooks] == ["one\n", "two\n"]


@pytest.mark.parametrize("code", ["1 / 0", "import os; os._exit(1)", "import time; time.sleep(60)"])
def test_one_that_fails_gives_no_time(thread, tmp_path, code):
    assert thread.begin(notebook(code), tmp_path, 2).result(timeout=60) is None


@forked_only
def test_a_fork_has_the_modules_and_nothing_of_the_one_before(tmp_path):
    with forking("colorsys") as thread:
        for variables, only in [({"ONLY": "one"}, "one"), ({}, None)]:
            seen = notebook(ALONE)
            thread.begin(seen, tmp_path, 60, **variables).result(timeout=60)
            assert said(seen) == f"True {tmp_path} {only} None\n"


@forked_only
@pytest.mark.parametrize("end", ["terminate", "kill"])
@pytest.mark.parametrize("ended", [False, True])
def test_a_fork_can_be_ended_and_none_minds_if_it_has_ended(tmp_path, end, ended):
    template = ahead.forked_kernels.Template([])
    try:
        fork = template.fork([], str(tmp_path), dict(os.environ))
        provisioner = ahead.forked_kernels.ForkedProvisioner(template)
        provisioner.process, provisioner.pgid = fork, fork.pid
        if ended:
            os.kill(fork.pid, signal.SIGKILL)
            while fork.poll() is None:
                time.sleep(0.01)
        # In a thread of its own, as a browser's tests may have left a loop in this one.
        with ThreadPoolExecutor() as pool:
            pool.submit(asyncio.run, getattr(provisioner, end)()).result()
        assert fork.wait() == 0
    finally:
        template.close()


def begins_as_usual(thread, folder):
    seen = notebook(ALONE)
    assert thread.begin(seen, folder, 60).result(timeout=60) > 0
    return said(seen) == f"False {folder} None None\n"


@forked_only
def test_where_the_modules_cannot_be_imported_kernels_begin_as_usual(tmp_path):
    with forking("no_such_module") as thread:
        assert begins_as_usual(thread, tmp_path)


@forked_only
def test_what_is_forked_ends_with_the_template_and_others_begin_as_usual(tmp_path):
    parent = tmp_path / "parent"
    with forking() as thread:
        begun = thread.begin(notebook(TELLING), tmp_path, 100)
        while not (parent.exists() and parent.read_text().endswith("\n")):
            time.sleep(0.1)
        os.kill(int(parent.read_text()), signal.SIGKILL)
        assert begun.result(timeout=60) is None
        assert begins_as_usual(thread, tmp_path)
