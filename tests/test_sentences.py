import sys

import myst_nb

import cnn_explainer as cnn


def test_a_page_gets_the_value(monkeypatch):
    given = []
    monkeypatch.setattr(myst_nb, "glue", lambda *value, display: given.append((*value, display)))
    assert cnn.glue("accuracy", 0.5) is None
    assert given == [("accuracy", 0.5, False)]


def test_a_notebook_without_myst_prints_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "myst_nb", None)
    cnn.glue("accuracy", 0.5)
    assert capsys.readouterr().out == "accuracy = 0.5\n"
