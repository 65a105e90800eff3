"""Which token belongs to which word, and which row of a map predicts it."""

import pytest
import torch

from attention.data.austen import load_austen
from attention.listening.spoken import spoken, word_of_each
from attention.listening.without import without


def test_tokens_are_shared_out_among_words():
    """A space begins a word; marks belong to none, capitals do not count."""
    pieces = [" Mr", ".", " Dash", "wood", "'", "s", ",", " then"]
    assert word_of_each(pieces, ["mr", "Dashwood's", "then"]) == [0, None, 1, 1, None, 1, None, 2]


def test_another_text_is_refused():
    """A word that was not said, and one that was left out."""
    for said in (["how", "many"], ["how"]):
        with pytest.raises(ValueError, match=r"words that were said.*got \['how', 'much'\]"):
            word_of_each([" how", " much"], said)


@torch.no_grad()
def test_rows_predict_their_tokens(whisper):
    """What stands behind a row is the token of its word; times follow the word."""
    model, vocabulary = whisper
    words = load_austen()[1][:4]
    written = vocabulary.encode(" And Mr. John Dashwood.")
    heard = spoken(model, vocabulary, torch.zeros(1, 9, 384), written, words)
    tokens = heard.tokens[0]
    assert vocabulary.pieces(tokens[heard.row + 1]) == [" And", " Mr", " John", " Dash", "wood"]
    assert heard.word.tolist() == [0, 1, 2, 3, 3]
    assert tokens[0] == vocabulary.start[0] and tokens[-1] == vocabulary.end
    begin, end = heard.span()
    assert begin.tolist() == pytest.approx([words[i].begin for i in (0, 1, 2, 3, 3)])
    assert heard.span(-1)[1].tolist() == pytest.approx([-1, *(words[i].end for i in (0, 1, 2, 2))])
    assert heard.span(1)[0][-1] == -1 and end[-1] == pytest.approx(words[3].end)


@torch.no_grad()
def test_a_head_that_is_taken_out_answers_nothing(whisper):
    """And is given back."""
    attention = whisper[0].decoder.blocks[2].cross_attention
    x, memory = torch.randn(1, 2, 384), torch.randn(1, 3, 384)
    answers = []
    hook = attention.to_output.register_forward_pre_hook(lambda _, args: answers.append(args[0]))
    whole = attention(x, memory)
    hook.remove()
    with without(whisper[0], [(2, 1), (2, 5)]):
        hook = attention.to_output.register_forward_pre_hook(
            lambda _, args: answers.append(args[0])
        )
        attention(x, memory)
        hook.remove()
    expected = answers[0].unflatten(-1, (6, 64)).clone()
    expected[..., [1, 5], :] = 0
    assert torch.equal(answers[1], expected.flatten(-2))
    assert torch.equal(attention(x, memory), whole)
    with (
        pytest.raises(ValueError, match="head must be from 0 to 5, got 6"),
        without(whisper[0], [(0, 6)]),
    ):
        pass
