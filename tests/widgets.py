"""What every interactive figure owes its readers; each widget's tests ask for it."""

import pytest


def stop_clock(page):
    """From now on time passes when a test says so, and never by itself: not on a busy machine."""
    page.clock.install(time=0)
    # Seconds; later than any that have passed since.
    page.clock.pause_at(3600)


def check_focus_is_seen(page, controls):
    """Tab through so many controls: each shows where one is."""
    for _ in range(controls):
        page.keyboard.press("Tab")
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) == "solid", page.evaluate("document.activeElement.outerHTML")


def check_fits_a_phone(page):
    """Nothing is wider than a window of 390 pixels."""
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def check_axe_finds_nothing(page):
    """No violation of an accessibility rule."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
