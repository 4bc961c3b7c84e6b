"""A search without excerpts where the pages are opened as files.

Sphinx fetches each page that it found to cut a few words out of it. A browser lets no file fetch
another, and says so once for every page.
"""

SAY_NO_MORE = """if (location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}"""


def setup(app):
    """Connect to Sphinx."""
    app.connect("html-page-context", _on_the_search_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _on_the_search_page(app, pagename, templatename, context, doctree):
    if pagename == "search":
        app.add_js_file(None, body=SAY_NO_MORE)
