"""What the reader chose, kept in the browser: after a reload, in the list, in another tab."""

import json

import pytest
from playwright.sync_api import expect

KEPT = "attention-answers"
BLOCKED = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }})"
ONE, OTHER = "role-of-the-key", "temperature-prediction"  # two of this chapter's questions
CHAPTER = "soft_lookup.html"


@pytest.fixture
def reader(browser, site):
    """A function that opens a page in a tab of one browser; `reader.errors` is a list."""
    context = browser.new_context()

    def reader(page):
        tab = context.new_page()
        tab.on("pageerror", lambda error: reader.errors.append(error.stack))
        tab.on("console", lambda m: reader.errors.append(m.text) if m.type == "error" else None)
        tab.goto(site + page)
        return tab

    reader.errors, reader.context = [], context
    yield reader
    assert reader.errors == []
    context.close()


def choose(tab, name, kind):
    """Choose the first answer of a kind, "right" or "wrong"; returns its button."""
    button = tab.locator(f"#{name} .choice--{kind} > input").first
    button.check()
    return button


def explanations(tab, name):
    return tab.locator(f"#{name} .explanation:visible")


def row(tab, name):
    return tab.locator(f'[data-question="{name}"]')


def chapter(tab, name):
    return tab.locator("tbody", has=row(tab, name)).locator("th + td")


def all_right(tab):
    return tab.locator(".question-list tfoot td")


def test_a_choice_is_there_after_a_reload_and_says_nothing(reader):
    """With its explanation; a screen reader is silent until the reader comes to the question."""
    tab = reader(CHAPTER)
    button = choose(tab, ONE, "wrong")
    tab.reload()
    expect(button).to_be_checked()
    expect(explanations(tab, ONE)).to_have_count(1)
    choices = tab.locator(f"#{ONE} .choices")
    expect(choices).to_have_attribute("aria-live", "off")
    button.focus()
    expect(choices).to_have_attribute("aria-live", "polite")


def test_questions_are_kept_apart(reader):
    """One question's choice changes no other's, and the last choice counts."""
    tab = reader(CHAPTER)
    first = choose(tab, ONE, "right")
    choose(tab, OTHER, "wrong")
    second = choose(tab, OTHER, "right")
    tab.reload()
    expect(first).to_be_checked()
    expect(second).to_be_checked()
    expect(tab.locator("fieldset.question input:checked")).to_have_count(2)


def test_the_list_tells_right_from_not_quite(reader):
    """In a word and a sign; it counts by chapter and over all, and leads to the question."""
    tab = reader(CHAPTER)
    choose(tab, ONE, "right")
    choose(tab, OTHER, "wrong")
    tab.goto(tab.url.replace(CHAPTER, "progress.html"))
    expect(row(tab, ONE).locator("td").last).to_have_text("right")
    expect(row(tab, OTHER).locator("td").last).to_have_text("not quite")
    sign = "n => getComputedStyle(n.querySelector('.card-state'), '::before').content[1]"
    rows = [row(tab, name) for name in (ONE, OTHER, "question-last")]
    assert [row.evaluate(sign) for row in rows] == ["✓", "✗", "○"]
    expect(chapter(tab, ONE)).to_have_text("1 of 3 right")
    questions = tab.locator("[data-question]").count()
    expect(all_right(tab)).to_have_text(f"1 of {questions} right")
    row(tab, OTHER).locator("a").click()
    expect(tab.locator(f"#{OTHER}")).to_be_in_viewport()


def test_another_tab_follows(reader):
    """The list and the question itself, without a reload and without a word."""
    tab, twin, overview = reader(CHAPTER), reader(CHAPTER), reader("progress.html")
    twin.locator(f"#{ONE} input").first.focus()
    choose(tab, ONE, "right")
    expect(row(overview, ONE)).to_contain_text("right")
    expect(twin.locator(f"#{ONE} .choice--right > input")).to_be_checked()
    expect(twin.locator(f"#{ONE} .choices")).to_have_attribute("aria-live", "off")


def test_the_list_is_right_after_going_back(reader):
    """A browser brings a page back as it was left."""
    tab = reader("progress.html")
    row(tab, ONE).locator("a").click()
    choose(tab, ONE, "right")
    tab.go_back()
    expect(row(tab, ONE)).to_contain_text("right")


def test_answers_are_forgotten_when_the_reader_says_so_twice(reader):
    """By keyboard: Escape and "Keep them" keep them, and the focus stays with the button."""
    tab = reader(CHAPTER)
    choose(tab, ONE, "right")
    overview = reader("progress.html")
    forget, dialog = overview.locator(".forget"), overview.locator(".question-list dialog")
    for keys in (["Escape"], ["Enter"], ["Tab", "Enter"]):
        expect(row(overview, ONE)).to_contain_text("right")
        forget.focus()
        overview.keyboard.press("Enter")
        expect(dialog).to_be_visible()
        for key in keys:
            overview.keyboard.press(key)
        expect(dialog).to_be_hidden()
        expect(forget).to_be_focused()
    expect(row(overview, ONE)).to_contain_text("not answered")
    expect(all_right(overview)).to_contain_text("0 of")
    expect(overview.locator(".question-list [role=status]")).to_have_text("Forgotten.")
    expect(tab.locator("fieldset.question input:checked")).to_have_count(0)


@pytest.mark.parametrize(
    "words",
    ["", "{", "null", "7", '"text"', "[1, 2]", f'{{"{ONE}": {{"a": 1}}, "{OTHER}": "2", "x": 1}}'],
)
def test_what_others_have_stored_is_no_trouble(reader, words):
    """Nothing is chosen, and the next choice is kept."""
    reader.context.add_init_script(
        f"localStorage.getItem('{KEPT}') ?? localStorage.setItem('{KEPT}', {json.dumps(words)})"
    )
    tab, overview = reader(CHAPTER), reader("progress.html")
    expect(tab.locator("fieldset.question input:checked")).to_have_count(0)
    expect(row(overview, ONE)).to_contain_text("not answered")
    expect(row(overview, OTHER)).to_contain_text("not answered")
    choose(tab, ONE, "right")
    expect(row(overview, ONE)).to_contain_text("right")


def test_without_storage_a_question_works_and_the_list_promises_nothing(reader):
    """No error (the theme and Sphinx have some, here as on any page); the list is one of links."""
    reader.context.add_init_script(BLOCKED)
    tab = reader(CHAPTER)
    choose(tab, ONE, "right")
    expect(explanations(tab, ONE)).to_have_count(1)
    check_only_links(reader("progress.html"))
    reader.errors[:] = [stack for stack in reader.errors if "/questions.js" in stack]


def test_without_scripts_the_list_promises_nothing(browser, site):
    """No state, no button; a sentence says what would be there."""
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(site + "progress.html")
    check_only_links(tab)
    context.close()


def check_only_links(tab):
    expect(row(tab, ONE).locator("a")).to_be_visible()
    expect(tab.locator(".not-kept")).to_be_visible()
    for what in (".card-state", "button", "th:text-is('State')", ".right-answers"):
        expect(tab.locator(f".question-list {what}:visible")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 1280])
def test_the_list_fits(reader, width):
    """No sideways scrolling; the buttons are large enough for a finger."""
    tab = reader("progress.html")
    tab.set_viewport_size({"width": width, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    tab.locator(".forget").click()
    for button in tab.locator(".question-list button").all():
        assert min(button.bounding_box()[side] for side in ("width", "height")) >= 24


def test_the_module_is_loaded_where_there_are_questions(reader):
    """In chapters that ask and in the list; a page without questions does without."""
    loaded = {page: 'questions.js"' in reader(page).content() for page in (
        CHAPTER, "progress.html", "notation.html")}  # fmt: skip
    assert loaded == {CHAPTER: True, "progress.html": True, "notation.html": False}
