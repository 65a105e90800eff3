"""Choose a word and a head: the panel's weights are the encoder's, by touch and by keyboard."""

import re

import pytest
import torch
from torch.testing import assert_close

from attention import attention_maps
from attention.models.bert.pretrained import encode

ARCS = 'figure[data-interactive="arcs"]'


@pytest.fixture(scope="module")
def page(open_panel):
    return open_panel("index", "arcs")


@pytest.fixture(scope="module")
def sentence(minilm):
    """(the encoder's maps, the words)."""
    encoder, tokenizer = minilm
    tokens, words = encode(tokenizer, "The cat sat on the mat.")
    return attention_maps(encoder, tokens), words


def chosen(page, group):
    checked = page.locator(f"{ARCS} .{group} label:has(:checked)")
    assert checked.count() == 1
    return checked.inner_text()


def follows(page, maps, asks):
    """The numbers and the widths of the arcs are the weights of the head whose name is chosen."""
    layer, head = map(int, re.findall(r"\d+", chosen(page, "arcs-heads")))
    weights = maps[layer, head, asks]
    texts = page.locator(f"{ARCS} .arcs-number").all_inner_texts()
    shown = torch.tensor([float(text or 0) for text in texts])
    drawn = (weights * 1000).round() >= 20  # three digits are handed over
    # two digits are shown, of a weight rounded to three
    assert_close(shown, weights * drawn, rtol=0, atol=0.0056)
    widths = page.locator(f"{ARCS} .panel path").evaluate_all(
        "paths => paths.map(path => +path.getAttribute('stroke-width'))"
    )
    assert_close(
        torch.tensor(widths, dtype=torch.float32),
        (7 * weights[drawn]).clamp(min=1),
        rtol=0,
        atol=0.004,
    )
    return weights


def test_a_tap_on_a_word_and_on_a_head_shows_its_weights(page, sentence):
    """Every word of every head; the picture from Python has made room."""
    maps, words = sentence
    assert not page.locator(f"{ARCS} > .fig-scroll").is_visible()
    assert chosen(page, "arcs-words") == "sat"
    heads = page.locator(f"{ARCS} .arcs-heads label").all()
    assert len(heads) == 3
    for head in heads:
        head.tap()
        assert chosen(page, "arcs-heads") == head.inner_text()
        labels = page.locator(f"{ARCS} .arcs-words label").all()
        assert [label.inner_text() for label in labels] == words
        for asks, label in enumerate(labels):
            label.tap()
            assert chosen(page, "arcs-words") == words[asks]
            follows(page, maps, asks)
    assert page.errors == []


def test_arrow_keys_choose_the_next_word(page, sentence):
    """From the word that has the focus; the page does not turn, and the largest is told."""
    maps, words = sentence
    page.locator(f"{ARCS} .arcs-heads input").nth(1).check()
    page.locator(f"{ARCS} .arcs-words input").nth(3).check()
    page.locator(f"{ARCS} .arcs-words input").nth(3).focus()
    page.keyboard.press("ArrowRight")
    assert chosen(page, "arcs-words") == words[4]
    best = follows(page, maps, 4).argmax()
    page.wait_for_function(
        f"best => document.querySelector('{ARCS} [aria-live=polite]').textContent.startsWith(best)",
        arg=f"Of its weight, “{words[4]}” gives {maps[0, 2, 4, best]:.2f} to {words[best]}",
    )
    assert page.url.endswith("index.html")


def test_what_the_reader_sees_first(browser, site):
    """Title, the three sentences and the picture, on a phone and on a laptop; then three doors."""
    for width, height in ((390, 844), (1280, 800)):
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(site + "index.html")
        page.wait_for_selector(f"{ARCS} .panel")
        end = page.locator(f"{ARCS} .panel").bounding_box()
        assert end["y"] + end["height"] <= height
        assert len(re.findall(r"\.(?:\s|$)", page.locator(".lead").inner_text())) == 3
        for door in ("why_attention", "progress", "grader_exam"):
            card = page.locator(f".sd-card:has(a[href='{door}.html'])")
            card.click(position={"x": 20, "y": 60})  # anywhere on it
            page.wait_for_url(f"**/{door}.html")
            page.go_back()
        page.close()


def test_on_paper_the_picture_comes_back(browser, site):
    """A panel does not print."""
    page = browser.new_page()
    page.goto(site + "index.html")
    page.wait_for_selector(f"{ARCS} .panel")
    page.emulate_media(media="print")
    assert page.locator(f"{ARCS} > .fig-scroll svg").is_visible()
    assert not page.locator(f"{ARCS} .panel").is_visible()
    page.close()
