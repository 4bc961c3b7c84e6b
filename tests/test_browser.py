"""The pages as a reader meets them: on a desk and in a hand, by day and by night."""

import pytest
from test_book import contents

AxeModule = pytest.importorskip("axe_playwright_python.sync_playwright")
# Without its preloading, as it looks for the style sheets' imports in the wrong folder.
OPTIONS = {"resultTypes": ["violations"], "preload": False}
VIEWS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]


@pytest.fixture(scope="module", params=VIEWS, ids=lambda view: f"{view[0]}-{view[1]}")
def view(request, browser):
    """A window of this width in this colour scheme."""
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    yield context, scheme
    context.close()


@pytest.mark.parametrize("name", [*contents(), "search", "genindex"])
def test_a_page_is_clean(view, address, name):
    """No error, no request elsewhere, nothing wider than the window, nothing that shuts out."""
    context, scheme = view
    page = context.new_page()
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((address, "data:", "blob:"))
            else complaints.append(f"asks for {request.url}")
        ),
    )
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.fonts.ready.then(() => true)")
    found = AxeModule.Axe().run(page, options=OPTIONS).response["violations"]
    complaints += [
        f"{each['id']}: {each['help']}: {node['html'][:150]} {node['any'][:1]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
    page.close()
    assert complaints == []
