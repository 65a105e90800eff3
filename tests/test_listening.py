"""What the chapter on listening claims, measured on its recording."""

import pytest
import torch
from torch.testing import assert_close

from attention import ablate_head
from attention.data.austen import RATE, load_austen
from attention.listening.alignment_error import alignment_error, weight_inside
from attention.listening.spoken import cross_maps, spoken
from attention.listening.without import surprise_without, without
from attention.models.whisper.transcribing import transcribe, write_down

HEADS = [(layer, head) for layer in range(4) for head in range(6)]
BEFORE = [(0, 4), (1, 2)]  # they look at the word before


@pytest.fixture(scope="module")
def heard(whisper, memory):
    written = write_down(*whisper, memory)
    return spoken(*whisper, memory, written, load_austen()[1])


@pytest.fixture(scope="module")
def inside(whisper, heard):
    """(4, 6, n) the weight that each head gives to the word being written."""
    return weight_inside(cross_maps(whisper[0], heard), *heard.span())


@pytest.fixture(scope="module")
def costs(whisper, heard):
    """(24, n) the surprise without each head minus that with all."""
    whole = surprise_without(whisper[0], heard, [])
    return torch.stack([surprise_without(whisper[0], heard, [head]) - whole for head in HEADS])


@pytest.fixture(scope="module")
def aligned(heard, inside):
    """All heads, the best-aligned on every second word first."""
    order = inside[..., heard.word % 2 == 0].mean(-1).flatten().argsort(descending=True)
    return [HEADS[i] for i in order]


def test_the_best_aligned_heads_follow_the_words(whisper, heard, inside, aligned):
    """On the words that they were not chosen by: ten times chance inside, ten times as near."""
    other = heard.word % 2 == 1
    begin, end = (time[other] for time in heard.span())
    errors = alignment_error(cross_maps(whisper[0], heard)[:, :, other], begin, end)
    for head in aligned[:2]:
        assert inside[head][other].mean() > 10 * ((end - begin) / 7.1).mean()
        assert errors[head] < 0.2
    assert (errors > 1).sum() > 6


def test_without_a_well_aligned_head_the_transcript_is_the_same(whisper, heard, memory, aligned):
    """And each token of it is nearly as probable."""
    expected = write_down(*whisper, memory)
    for head in aligned[:2]:
        with without(whisper[0], [head]):
            assert write_down(*whisper, memory) == expected
        cost = surprise_without(whisper[0], heard, [head]) - surprise_without(whisper[0], heard, [])
        assert cost.mean() < 0.05


def test_two_heads_cost_more_than_all_others_and_look_at_the_word_before(whisper, heard, costs):
    """Chosen on every second word, they cost three times the next on the others."""
    even = heard.word % 2 == 0
    chosen = costs[:, even].mean(-1).topk(2).indices
    assert sorted(HEADS[i] for i in chosen) == BEFORE
    on_others = costs[:, ~even].mean(-1)
    rest = on_others.index_fill(0, chosen, 0.0)
    assert on_others[chosen].min() > 3 * rest.max()
    before = weight_inside(cross_maps(whisper[0], heard), *heard.span(-1)).mean(-1)
    assert min(before[head] for head in BEFORE) > 0.7


@torch.no_grad()
def test_no_other_pair_of_the_same_layers_matters(whisper, heard, inside):
    """All 25: the surprise stays below a tenth of that without the two, the aligned heads stay."""
    without_two = surprise_without(whisper[0], heard, BEFORE).mean()
    for a in (0, 1, 2, 3, 5):
        for b in (0, 1, 3, 4, 5):
            pair = [(0, a), (1, b)]
            assert surprise_without(whisper[0], heard, pair).mean() < without_two / 10
    with without(whisper[0], pair):
        now = weight_inside(cross_maps(whisper[0], heard), *heard.span()).mean(-1)
    assert now[2, 1] > 0.8


def test_without_the_word_before_the_aligned_heads_lose_their_place(whisper, heard, inside):
    """1.5 needs 0.4, a layer below it, and not 1.2, beside it; 2.1 needs one of the two."""
    now = {}
    for name, taken in {"0.4": BEFORE[:1], "1.2": BEFORE[1:], "both": BEFORE}.items():
        with without(whisper[0], taken):
            now[name] = weight_inside(cross_maps(whisper[0], heard), *heard.span()).mean(-1)
    assert inside[1, 5].mean() > 0.8 > 8 * now["0.4"][1, 5]
    assert_close(now["1.2"][1, 5], inside[1, 5].mean())
    assert now["both"][2, 1] < 0.3 < 0.45 < now["1.2"][2, 1] < 0.8 < inside[2, 1].mean()


def test_without_1_2_it_writes_the_same_words_again_and_again(whisper, memory):
    """It begins well."""
    with without(whisper[0], BEFORE[1:]):
        text = whisper[1].decode(write_down(*whisper, memory, longest=30))
    assert text.startswith(" And Mr. John Dashwood") and text.count("Mr. John Dashwood") > 2


def test_aligned_heads_stand_in_for_each_other(whisper, heard, aligned):
    """One is hardly missed; of ten random eights none costs as much as the best eight."""
    one, eight = (surprise_without(whisper[0], heard, aligned[:n]).mean() for n in (1, 8))
    assert one < 0.2 < eight
    others = [head for head in HEADS if head not in BEFORE]
    dice = torch.Generator().manual_seed(1)
    for _ in range(10):
        drawn = [others[i] for i in torch.randperm(len(others), generator=dice)[:8]]
        assert surprise_without(whisper[0], heard, drawn).mean() < eight


@torch.no_grad()
def test_far_heads_of_the_encoder_are_missed_less_than_near_ones(whisper, heard, frames):
    """Six of each, by the weight within a tenth of a second."""
    encoder, decoder = whisper[0].encoder, whisper[0].decoder
    _, maps = encoder(frames, return_weights=True)
    near = torch.arange(1500) - torch.arange(355)[:, None]
    near = (maps[:, 0, :, :355] * (near.abs() <= 5)).sum(-1).mean(-1)  # 5 vectors are 0.1 s
    del maps
    order = [HEADS[i] for i in near.flatten().argsort(descending=True)]
    assert near.max() > 0.95 and near.min() < 0.05
    cost = []
    for taken in (order[:6], order[-6:]):
        handles = [ablate_head(encoder, *head) for head in taken]
        so = heard._replace(kept=decoder.keep(encoder(frames)))
        cost.append(surprise_without(whisper[0], so, []).mean())
        for handle in handles:
            handle.remove()
    assert cost[0] > 5 > 1 > cost[1]


@torch.no_grad()
def test_a_bias_of_the_keys_changes_nothing(whisper, heard, memory):
    """A random one in every block; one of the values does."""
    whole = surprise_without(whisper[0], heard, [])
    dice = torch.Generator().manual_seed(0)
    after = {}
    for name in ("to_key", "to_value"):
        maps = [getattr(block.cross_attention, name) for block in whisper[0].decoder.blocks]
        kept = [each.bias.clone() for each in maps]
        for each in maps:
            each.bias.add_(torch.randn(each.bias.shape, generator=dice))
        so = heard._replace(kept=whisper[0].decoder.keep(memory))
        after[name] = surprise_without(whisper[0], so, [])
        for each, bias in zip(maps, kept, strict=True):
            each.bias.copy_(bias)
    assert_close(after["to_key"], whole, rtol=0, atol=1e-4)
    assert (after["to_value"] - whole).abs().max() > 0.1


@torch.no_grad()
def test_one_row_off_other_heads_look_aligned(whisper, heard, inside):
    """The rows that have read a token: there the heads of the word before have the most inside."""
    _, maps = whisper[0].decoder(heard.tokens, heard.kept, return_weights=True)
    late = weight_inside(maps[:, 0, :, heard.row + 1], *heard.span()).mean(-1).flatten()
    assert sorted(HEADS[i] for i in late.topk(2).indices) == BEFORE
    assert late[HEADS.index((2, 1))] < 0.2 < 0.8 < inside[2, 1].mean()


def test_of_silence_it_makes_a_word(whisper):
    """A second in which nobody speaks."""
    assert transcribe(torch.zeros(RATE), whisper=whisper) == "you"
