"""What is copied from a page: each formula once, as TeX, and of the rest what the eye sees."""

import re

import pytest

PASTE = """addEventListener("paste", event => {
  const [plain, rich] = ["text/plain", "text/html"].map(kind => event.clipboardData.getData(kind));
  const page = new DOMParser().parseFromString(rich, "text/html");
  window.pasted = {plain, rich: page.body.textContent};
})"""


@pytest.fixture(scope="module")
def copy(browser, site):
    """A function of (page, script that selects): {"plain": …, "rich": text of the HTML}."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()

    def copy(stem, select):
        page.goto(f"{site}{stem}.html")
        page.evaluate(PASTE)
        before = page.locator("article").inner_html()
        page.evaluate(select)
        page.keyboard.press("Control+c")
        page.keyboard.press("Control+v")
        page.wait_for_function("window.pasted")
        assert page.locator("article").inner_html() == before
        return page.evaluate("window.pasted")

    yield copy
    context.close()


ALL_OF = "getSelection().selectAllChildren([...document.querySelectorAll({!r})].find({}))"
#: From the second letter of one formula to the second of the next.
PARTS = """const [one, other] = [...document.querySelectorAll("article p")]
  .map(p => [...p.querySelectorAll(".katex-html")]).find(all => all.length > 1);
const lettersOf = formula => {
  const found = [], walk = document.createTreeWalker(formula, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) found.push(walk.currentNode);
  return found;
};
getSelection().setBaseAndExtent(lettersOf(one).at(-1), 0, lettersOf(other)[0], 1);"""


def test_a_formula_in_a_sentence_is_copied_once(copy):
    """As TeX between dollars, in both kinds, and with the words around it."""
    sentence = ALL_OF.format("article p", "p => /a map stands to the right/.test(p.textContent)")
    wanted = "Vectors are rows, so a map stands to the right: $q = x W_q$. Put together:"
    for text in copy("notation", sentence).values():
        assert wanted in " ".join(text.split())


def test_a_formula_by_itself_has_two_dollars_and_a_line(copy):
    block = ALL_OF.format(".formula-block", "() => true")
    plain = copy("notation", block)["plain"]
    assert plain.startswith(r"$$\begin{aligned}") and plain.split("$$")[1].count(r"\\") == 2


def test_a_formula_that_is_selected_in_part_is_copied_whole(copy):
    """At both ends, and nothing of it twice."""
    for text in copy("notation", f"(() => {{ {PARTS} }})()").values():
        assert re.fullmatch(r"\s*\$[^$]+\$[^$]+\$[^$]+\$\s*", text), text


def test_a_part_of_one_large_formula_is_all_of_it(copy):
    select = """(() => { const letters = document.querySelectorAll(".katex-display .mord");
      getSelection().setBaseAndExtent(letters[2], 0, letters[3], 0); })()"""
    plain = copy("notation", select)["plain"].strip()
    assert plain.startswith(r"$$\begin{aligned}") and plain.endswith(r"\end{aligned}$$")


def test_a_page_is_copied_as_it_is_seen(copy):
    """No formula twice, nothing that is folded, no mark of a claim, no sign of a link."""
    plain = copy("soft_lookup", ALL_OF.format("article", "() => true"))["plain"]
    assert "$w_j$" in plain and "\N{DOT OPERATOR}" not in plain and "\u200b" not in plain
    assert "✓" not in plain and "#\n" not in plain
    assert "plt.subplots" not in plain  # in a cell that is folded


def test_code_is_copied_as_it_is(copy):
    """No formula is in it, and nothing of ours has a say."""
    cell = ALL_OF.format("div.highlight pre", "pre => /heights/.test(pre.textContent)")
    assert copy("soft_lookup", cell)["plain"].startswith('heights = {"cat": 25,')
