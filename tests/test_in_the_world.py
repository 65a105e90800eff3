"""What the overview of models claims, and the small model that it mentions."""

import torch
from torch.testing import assert_close

from attention import causal_mask
from attention.models.bert.pretrained import encode
from attention.models.toys.next_item import NextItem, accuracy_on_noise

# --- what the chapter claims ---


@torch.no_grad()
def test_a_new_last_word_moves_earlier_vectors_only_under_the_full_mask(minilm):
    """MiniLM reads "mat" or "sofa" at the end; the words before it know only without the mask."""
    encoder, tokenizer = minilm
    mat, words = encode(tokenizer, "The cat sat on the mat.")
    sofa, _ = encode(tokenizer, "The cat sat on the sofa.")
    last = words.index("mat")
    for mask in (None, causal_mask(len(words))):
        moved = (encoder(mat[None], mask) - encoder(sofa[None], mask)).norm(dim=-1)[0]
        assert (moved[last:] > 1).all()
        if mask is None:
            assert (moved > 1).all()
        else:
            assert_close(moved[:last], torch.zeros(last))


# --- the small model ---


def test_next_item_does_not_look_ahead_under_the_causal_mask():
    """A changed item changes no score before it."""
    torch.manual_seed(0)
    model = NextItem(n_items=7, length=5, d_model=6)
    items = torch.tensor([[1, 2, 3, 4, 5]])
    changed = items.clone()
    changed[0, 3] = 0
    mask = causal_mask(5)
    before, after = model(items, mask), model(changed, mask)
    assert before.shape == (1, 5, 7)
    assert_close(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


def test_accuracy_on_noise_leaves_the_readers_dice_alone():
    """The experiment has its own seed and does not disturb torch's."""
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    accuracy_on_noise(None, steps=1)
    assert_close(torch.rand(2), expected)
