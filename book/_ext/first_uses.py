"""A term in italics, where a page explains it first, leads to the glossary.

The chapters set a term in italics there anyhow, so that nothing is to be written for it.
"""

from docutils import nodes

GLOSSARY = "reference/glossary"


def setup(app):
    """Connect to Sphinx."""
    app.connect("doctree-resolved", _link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _link(app, doctree, docname):
    if docname == GLOSSARY:
        return
    terms = {
        name.casefold(): anchor
        for name, _, kind, _, anchor, _ in app.env.domains["std"].get_objects()
        if kind == "term"
    }
    for italics in list(doctree.findall(nodes.emphasis)):
        text = italics.astext().casefold()
        anchor = terms.pop(text, None) or terms.pop(text.removesuffix("s"), None)
        if anchor and not isinstance(italics.parent, nodes.reference | nodes.title):
            address = app.builder.get_relative_uri(docname, GLOSSARY)
            link = nodes.reference("", "", refuri=f"{address}#{anchor}", internal=True)
            link["classes"] = ["term"]
            italics.replace_self(link)
            link += italics
