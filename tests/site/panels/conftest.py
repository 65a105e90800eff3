"""A panel is opened on the narrowest phone that the book is for, which has a touch screen."""

import pytest


@pytest.fixture(scope="module")
def open_panel(browser, site):
    """A function of (page, figure): the page in a browser, its panel built.

    `page.errors` is a list; `page.says(words)` waits until the panel's summary holds the words.
    """
    contexts = []

    def open_panel(stem, name):
        context = browser.new_context(viewport={"width": 320, "height": 800}, has_touch=True)
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
        page.goto(f"{site}{stem}.html")
        page.wait_for_selector(f'figure[data-interactive="{name}"] .panel')
        summary = page.query_selector(f'figure[data-interactive="{name}"] [aria-live=polite]')
        page.says = lambda words: page.wait_for_function(
            "([node, words]) => node.textContent.includes(words)", arg=[summary, words]
        )
        return page

    yield open_panel
    for context in contexts:
        context.close()
