"""Figures in the page: safe, the same every time, readable in both themes and by ear."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyArrowPatch

from figures import (
    Diagram,
    arcs,
    heard_frames,
    heard_maps,
    heatmap,
    heatmap_grid,
    over_time,
    show,
    signed_heatmap,
    sounds,
)
from figures.images import draw_image
from figures.path_data import compact
from figures.photos import draw_photo, draw_shades
from figures.runs import draw_runs
from figures.word_diagrams import paths, translators

ALT = "A line that rises from 0 to 3 in three even steps."
TOKENS = ["the", "cat", "sat", "on", "the", "mat"]
LONGER = ["[CLS]", *TOKENS, "[SEP]"]


class Elements(HTMLParser):
    """The tags of a piece of HTML with their attributes, and the text between them."""

    def __init__(self, html):
        super().__init__()
        self.found, self.words = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words += data

    def named(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def line():
    fig, ax = plt.subplots()
    ax.plot([0, 1, 2, 3], "o-")
    return fig


def weights(*shape):
    torch.manual_seed(0)
    return torch.randn(*shape).mul(1.5).softmax(-1)


@pytest.mark.parametrize("alt", ["", None, "  ", "a line", "line.png", "figures/a line plot.svg"])
def test_alt_text_has_to_say_something(alt):
    with pytest.raises(ValueError, match="alt must say in words what the figure shows"):
        show(line(), alt=alt)
    plt.close("all")


def test_words_are_escaped():
    words = "<script>alert(1)</script> & so"
    page = Elements(show(line(), alt=f'{ALT} "<b>&"', caption=words).html)
    assert page.named("svg")[0]["aria-label"] == f'{ALT} "<b>&"'
    assert page.words.endswith(words)
    assert not page.named("script") and not page.named("b")


def test_labels_in_the_drawing_are_escaped():
    page = Elements(show(heatmap(weights(2, 2), ["<s>", "&"], ["</svg>", "b"]), alt=ALT).html)
    assert "<s>" in page.words and "</svg>" in page.words
    assert not page.named("s")


def test_a_picture_is_an_image_with_a_name_and_without_html_its_words():
    picture = show(line(), alt=ALT)
    svg = Elements(picture._repr_html_()).named("svg")[0]
    assert (svg["role"], svg["aria-label"]) == ("img", ALT)
    assert repr(picture) == ALT


def test_the_figure_is_closed():
    fig = line()
    show(fig, alt=ALT)
    assert not plt.fignum_exists(fig.number)


def test_two_processes_draw_the_same_bytes():
    program = (
        "import matplotlib.pyplot as plt; from figures import show\n"
        "fig, ax = plt.subplots(); ax.plot([0, 1, 2], 'o-', label='a'); ax.legend()\n"
        f"print(show(fig, alt={ALT!r}).html)"
    )
    run = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert run[0].stdout == run[1].stdout
    assert "<svg" in run[0].stdout


def test_ids_differ_on_one_page_even_for_the_same_figure_twice():
    page = Elements("".join(show(line(), alt=ALT).html for _ in range(3)))
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert ids and len(ids) == len(set(ids))


def test_every_reference_meets_its_id():
    html = show(line(), alt=ALT).html
    ids = set(re.findall(r'\bid="([^"]+)"', html))
    assert set(re.findall(r'(?:url\(#|href="#)([\w.-]+)', html)) == ids


def test_every_colour_follows_the_theme():
    fig, ax = plt.subplots()
    for i in range(5):
        ax.plot([0, i], label=f"line {i}")
    ax.grid()
    ax.legend()
    ax.axhline(1, color="black")
    ax.set(title="Title", xlabel="x", ylabel=r"a formula $\lambda_n$")
    html = show(fig, alt=ALT).html
    fixed = re.sub(r"var\([^)]*\)|#[\w-]+\"|url\([^)]*\)", "", html)
    assert not re.findall(r"#[0-9a-f]{3,8}\b", fixed)
    assert all(f"var(--fig-{i}," in html for i in range(5))
    assert "currentColor" in html


def test_nothing_leaks_out_of_the_picture():
    """A `style` element inside a page speaks of the whole page."""
    page = Elements(show(line(), alt=ALT).html)
    assert not page.named("style") and not page.named("metadata")


def test_only_what_may_scroll_on_a_phone_is_a_stop_for_the_tab_key():
    narrow = Elements(show(line(), alt=ALT).html).named("div")[0]
    wide = Elements(show(plt.figure(figsize=(7, 2)), alt=ALT).html).named("div")[0]
    assert "tabindex" not in narrow
    assert (wide["tabindex"], wide["role"]) == ("0", "group") and wide["aria-label"]


def test_letters_of_a_formula_follow_one_another():
    fig, ax = plt.subplots()
    ax.set_title(r"gradient $\partial y/\partial x_1$")
    html = show(fig, alt=ALT).html
    assert ">gradient\xa0∂</tspan>" in html


@pytest.mark.parametrize(
    ("draw", "most"),
    [
        (line, 6_000),
        (lambda: heatmap(weights(8, 8), LONGER, LONGER), 16_000),
        (lambda: heatmap(weights(64, 64)), 80_000),
        (lambda: heatmap_grid(weights(6, 12, 8, 8)), 150_000),
        (lambda: arcs(weights(6, 6), TOKENS, query=2), 4_000),
    ],
    ids=["line", "map of 8×8", "map of 64×64", "72 maps of 8×8", "arcs"],
)
def test_pictures_are_light_and_vector(draw, most):
    html = show(draw(), alt=ALT).html
    assert len(html) < most
    assert "<image" not in html


def test_a_cell_is_as_solid_as_its_weight():
    map_ = torch.tensor([[0.25, 0.75], [0.5, 0.0]])
    html = show(heatmap(map_, legend=None, numbers=False), alt=ALT).html
    solid = re.findall(r"fill:var\(--fig-weight[^;]*;opacity:([\d.]+)", html)
    assert sorted(map(float, solid)) == [0.25, 0.5, 0.75]


def test_numbers_in_cells_change_colour_where_the_cell_is_dark():
    html = show(heatmap(torch.tensor([[0.66, 0.34]]), legend=None), alt=ALT).html
    assert re.search(r"--fig-on-high[^>]*>\.66<", html)
    assert re.search(r"--fig-on-low[^>]*>\.34<", html)


def test_a_map_refuses_what_it_cannot_show():
    with pytest.raises(ValueError, match="from 0 to largest=1; these run from -1 to 1"):
        heatmap(torch.tensor([[1.0, -1.0]]))
    with pytest.raises(ValueError, match="rows must name all 2 rows of the map; got 1"):
        heatmap(weights(2, 3), rows=["one"])
    with pytest.raises(ValueError, match=r"two axes .* got the shape \(2, 3, 4\)"):
        heatmap(weights(2, 3, 4))
    with pytest.raises(ValueError, match=r"got the shape \(2, 3\)"):
        heatmap_grid(weights(2, 3))
    with pytest.raises(ValueError, match="position from 0 to 5; got 6"):
        arcs(weights(6), TOKENS, query=6)
    with pytest.raises(ValueError, match=r"each of the 6 tokens; got the shape \(5,\)"):
        arcs(weights(5), TOKENS, query=0)


def test_an_image_is_drawn_patch_by_patch():
    """The centres of 2 × 3 patches, a gap apart, row by row; one solid shade for the last."""
    _, ax = plt.subplots()
    across, down = draw_image(
        ax, np.eye(4, 9), (2, 3), shares=[0, 0, 0, 0, 0, 0.5], largest=0.5, gap=1, frames=True
    )
    assert across.tolist() == [1, 5, 9] * 2 and down.tolist() == [0.5] * 3 + [3.5] * 3
    shade, ink, frames = ax.patches
    assert shade.get_alpha() == ink.get_alpha() == 1
    assert shade.get_extents().width < frames.get_extents().width
    plt.close()


def test_an_image_refuses_what_does_not_fit():
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="patches of 2 × 3 do not fill an image of 4 × 8"):
        draw_image(ax, np.zeros((4, 8)), (2, 3))
    with pytest.raises(ValueError, match=r"4 patches need a share each, got the shape \(3,\)"):
        draw_image(ax, np.zeros((4, 6)), (2, 3), shares=[1, 0, 0])
    plt.close()


def test_masked_scores_are_struck_through():
    scores = np.array([[1.0, -np.inf], [-2.0, 0.5]])
    html = show(signed_heatmap(scores), alt=ALT).html
    assert "−2" in html and "--fig-negative" in html and "inf" not in html.lower()


def test_arrows_join_boxes():
    diagram = Diagram(4, 1)
    query, scores = diagram.box(0.5, 0.5, "query"), diagram.box(3, 0.5, "two\nlines", colour="C0")
    diagram.arrow(query, scores, "dot product")
    diagram.arrow(scores, (3.8, 0.5), dashed=True)
    words = Elements(show(diagram.figure, alt=ALT).html).words
    assert all(word in words for word in ("query", "dot product", "two", "lines"))


def test_rounding_a_path_does_not_add_up():
    """A thousand steps of 0.004 end where they should, though each alone rounds to nothing."""
    path = "M 0 0 " + " ".join(f"L {i * 0.004:.6f} {i * 0.004:.6f}" for i in range(1, 1001))
    steps = re.findall(r"-?\d*\.?\d+", compact(path).removeprefix("m0 0"))
    assert sum(map(float, steps[::2])) == pytest.approx(4)


def test_a_square_is_short():
    assert compact("M 10 20 \nL 15.5 20 \nL 15.5 25 \nL 10 25 \nz\n") == "m10 20h5.5v5h-5.5z"


def test_maps_over_time_share_their_axis():
    """A line at both ends of each stretch, in every map; rows of another number fit."""
    marks = [(0.5, 2.0, "a"), (2.0, 4.5, "b")]
    fig = over_time({"above": weights(7, 6), "below": (weights(2, 6), ["x", "y"])}, marks)
    for ax, names in zip(fig.axes, ([], ["x", "y"]), strict=True):
        assert sorted({line.get_xdata()[0] for line in ax.lines}) == [0.5, 2.0, 4.5]
        assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b"]
        assert [label.get_text() for label in ax.get_yticklabels()] == names
        assert ax.get_xlim() == (-0.5, 5.5)
    assert "above" in show(fig, alt=ALT).html


def test_one_value_everywhere_is_drawn_empty():
    """A map without differences divides by nothing."""
    assert "nan" not in show(over_time({"silence": torch.zeros(2, 3)}), alt=ALT).html.lower()


WAV = b"RIFF" + bytes(40)


def test_sounds_have_names_and_wait_to_be_played():
    """A player for each, with its words beside it and as its name; data inside the page."""
    picture = sounds({'a "<b>"': WAV, "c": WAV}, caption="Listen & learn")
    page = Elements(picture.html)
    players = page.named("audio")
    assert [player["aria-label"] for player in players] == ['a "<b>"', "c"]
    assert all("controls" in player and "autoplay" not in player for player in players)
    assert all(player["src"].startswith("data:audio/wav;base64,UklGR") for player in players)
    assert page.words == 'a "<b>"cListen & learn' and not page.named("b")
    assert repr(picture) == 'To be played: a "<b>"; c'


def test_words_stand_under_the_moments_at_which_they_were_said():
    """Over two rows; a word that is said between them stands in one of them, and none is lost."""
    words = [SimpleNamespace(text=t, begin=b, end=e) for t, b, e in
             (("how", 0.0, 0.4), ("much", 0.7, 0.94), ("there", 1.2, 1.6))]  # fmt: skip
    fig = heard_frames(torch.rand(160, 8), words, step=0.01)
    rows = [
        dict(
            zip([label.get_text() for label in ax.get_xticklabels()], ax.get_xticks(), strict=True)
        )
        for ax in fig.axes
    ]
    assert [list(row) for row in rows] == [["how"], ["much", "there"]]
    assert rows[0]["how"] == pytest.approx(0.2 / 0.08 - 0.5)
    assert rows[1]["there"] == pytest.approx(1.4 / 0.08 - 0.5 - 10)


def test_a_line_marks_when_each_row_was_said():
    """In seconds, like the axis; the weight of a column is the sum of its moments'."""
    weights = torch.zeros(2, 50)
    weights[0, 4:8] = 0.25  # from 0.08 to 0.16 s
    fig = heard_maps({"head 1": weights}, ["how", "much"], [0.08, 0.2], [0.16, 0.6], step=0.02)
    (ax,) = fig.axes
    ends = [line.get_xdata() for line in ax.lines]
    assert ends == [pytest.approx([0.5, 1.5]), pytest.approx([2.0, 7.0])]
    (tile,) = [p for p in ax.patches if p.get_alpha() == 1.0]
    assert tile.get_path().vertices[:, 0].mean() == pytest.approx(1, abs=0.2)


def test_a_large_sound_is_played_from_where_it_is():
    """By its address, which the site carries."""
    player, *_ = Elements(sounds({"a": "_static/austen.wav"}).html).named("audio")
    assert player["preload"] == "none"  # nobody fetches it with the page
    assert player["src"] == "_static/austen.wav"


@pytest.mark.parametrize(
    ("recordings", "said"),
    [({" ": WAV}, "needs a name"), ({"a": b"OggS"}, "'a' has 4 bytes and begins with b'OggS'"),
     ({"a": WAV + bytes(40_000)}, "at most 40000 bytes; 'a' has 40044")],
)  # fmt: skip
def test_what_is_no_sound_for_a_page_is_refused(recordings, said):
    """No name, no WAV file, too large."""
    with pytest.raises(ValueError, match=said):
        sounds(recordings)


def test_an_interactive_figure_names_its_module_and_hands_over_its_data():
    """Tensors become lists, and no text of the data can end the element that holds it."""
    fig, ax = plt.subplots()
    ax.plot([0, 1])
    data = {"scores": torch.tensor([1.0, 2.0]), "words": ["</script>"]}
    shown = show(fig, alt="A line that rises from 0 to 1.", interactive="softmax", data=data)
    soup = BeautifulSoup(shown.html, "html.parser")
    assert soup.figure["data-interactive"] == "softmax" and soup.figure.svg
    assert json.loads(soup.figure.script.string) == {"scores": [1, 2], "words": ["</script>"]}
    with pytest.raises(TypeError, match="data must be JSON serializable, or arrays; got function"):
        show(fig, alt="A line that rises from 0 to 1.", interactive="softmax", data={"f": show})


def test_runs_are_drawn_as_a_mean_between_smallest_and_largest():
    """Each place that was measured has its tick, and a style of their own names other axes."""
    _, (ax, plain) = plt.subplots(1, 2)
    draw_runs(ax, [2, 4, 8], {"one": torch.tensor([[0.0, 1.0, 2.0], [2.0, 3.0, 4.0]])})
    assert ax.lines[0].get_ydata().tolist() == [1, 2, 3]
    assert ax.collections[0].get_paths()[0].vertices[:, 1].max() == 4
    assert ax.get_xscale() == "log" and ax.get_xticks().tolist() == [2, 4, 8]
    draw_runs(plain, [2, 4, 8], {"one": torch.zeros(2, 3)}, styles=["-"])
    assert plain.get_xscale() == "linear"


def test_diagrams_of_words_join_what_they_name():
    """In the convolution each of four boxes reads three; in the others each word has its arrow."""
    arrows = [p for p in paths(TOKENS).axes[0].patches if isinstance(p, FancyArrowPatch)]
    assert len(arrows) == (6 + 5) + (3 + 3 * 3) + 6
    backwards = [token[::-1] for token in reversed(TOKENS)]
    arrows = [
        p for p in translators(TOKENS, backwards).axes[0].patches if isinstance(p, FancyArrowPatch)
    ]
    assert len(arrows) == 2 * 6 + 6 + 3
    assert sum(p.get_edgecolor() == to_rgba("C1") for p in arrows) == 1  # the heaviest


def test_a_photograph_and_its_shades_are_small_pictures():
    """Each an image inside of the drawing; a shade of 0 is transparent, the largest solid."""
    fig, axes = plt.subplots(1, 2, figsize=(4, 1.5))
    draw_photo(axes[0], torch.rand(3, 20, 30), title="noise")
    draw_shades(axes[1], torch.tensor([[0.0, 0.1], [0.05, 0.2]]))
    shades = axes[1].images[0].get_array()
    assert shades.shape == (2, 2, 4)
    assert np.allclose(shades[..., 3], [[0, 0.5], [0.25, 1]])
    assert (shades[..., :3] == shades[0, 0, :3]).all()
    picture = BeautifulSoup(show(fig, alt="Noise and four shades.").html, "html.parser")
    images = picture.select("svg image")
    assert len(images) == 2
    assert all(image["href"].startswith("data:image/png;base64,") for image in images)
