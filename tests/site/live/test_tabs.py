"""Any number of open pages follow, and each finds its server again."""

from playwright.sync_api import expect

TABS = 8  # a browser opens six connections to one host, all tabs together
PATIENT = 90_000  # milliseconds


def test_many_tabs_all_follow_and_their_links_open(live, browser, stub, answers, becomes):
    """In one window: its tabs share their connections."""
    window = browser.new_context()
    tabs = [window.new_page() for _ in range(TABS)]
    for tab in tabs:
        tab.goto(live.address + "soft_lookup.html")
    stub.write_text(answers.right)
    for tab in tabs:
        becomes(tab, "passed")
    for tab in tabs:
        tab.locator('a[href="scoring.html"]').first.click()
        expect(tab).to_have_url(live.address + "scoring.html")
    window.close()


def test_open_page_outlives_its_server(browser, copy, serving, stub, answers, becomes):
    """A server that is started again on the same port finds the page waiting."""
    with serving(copy) as served:
        page = browser.new_page()
        page.goto(served.address + "soft_lookup.html")
        becomes(page, "not-started")
    stub.write_text(answers.right)
    with serving(copy, served.port):
        becomes(page, "passed")
        page.close()
