"""No public function writes into what it is handed."""

from functools import partial

import pytest
import torch

import attention as a

BATCH, HEADS, LENGTH, KEY_LEN, HEAD_DIM, VALUE_DIM = 2, 3, 4, 5, 6, 7


def draw(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


QKV = [draw(BATCH, HEADS, LENGTH, d) for d in (HEAD_DIM, HEAD_DIM, VALUE_DIM)]
X, MEMORY, BOOL = draw(BATCH, LENGTH, 12), draw(BATCH, KEY_LEN, 12, seed=1), a.causal_mask(LENGTH)
SCORES, DISTANCE = draw(BATCH, LENGTH, LENGTH), torch.arange(-4, 9)
BERT, WRITER = a.BertEncoder(9, 12, 3, 1, 8, 6).eval(), a.GPT(9, 12, 3, 1, 6)
CAUSAL = {"is_causal": True}
SEGMENTS = torch.tensor([0, 0, 1, 1])


def scorer(name):
    return lambda query, key: getattr(a, name)(12, 12, *[8] * (name[0] == "A"))(query, key)


# Each public name that is handed tensors: how it is called, and with what.
CALLS = {
    "AdditiveScorer": (scorer("AdditiveScorer"), X, MEMORY),
    "BilinearScorer": (scorer("BilinearScorer"), X, MEMORY),
    "BertEncoder": (BERT, SEGMENTS[None], BOOL),
    "DecoderBlock": (a.DecoderBlock(12, 3, 8), X, MEMORY),
    "EncoderBlock": (a.EncoderBlock(12, 3, 8), X, BOOL),
    "FeedForward": (a.FeedForward(12, 8), X),
    "GPT": (WRITER, SEGMENTS[None]),
    "Llama": (a.Llama(9, 12, 3, 1, 1, 8, 6), SEGMENTS[None]),
    "RMSNorm": (a.RMSNorm(12), X),
    "SwiGLU": (a.SwiGLU(12, 8), X),
    "KVCache": (lambda *new: a.KVCache(BATCH, HEADS, 6, HEAD_DIM).append(*new), QKV[0], QKV[1]),
    "MultiHeadAttention": (a.MultiHeadAttention(12, 3), X, X, BOOL),
    "PostNorm": (lambda *x: a.PostNorm(12).write(*x), X, X + 1),
    "PostNormDecoderBlock": (a.PostNormDecoderBlock(12, 3, 8), X, MEMORY),
    "PostNormEncoderBlock": (a.PostNormEncoderBlock(12, 3, 8), X, BOOL),
    "PreNorm": (lambda *x: a.PreNorm(12).write(*x), X, X + 1),
    "SelfAttention": (a.SelfAttention(12, 3), X, BOOL),
    "additive_scores": (a.additive_scores, X, MEMORY, draw(12, 8), draw(12, 8), draw(8)),
    "alignment_error": (a.alignment_error, SCORES, draw(LENGTH), draw(LENGTH, seed=1)),
    "attention_maps": (partial(a.attention_maps, BERT), SEGMENTS),
    "attention_weights": (partial(a.attention_weights, **CAUSAL, softcap=2.0), X, MEMORY),
    "bilinear_scores": (a.bilinear_scores, X, MEMORY, draw(12, 12)),
    "block_mask": (a.block_mask, SEGMENTS),
    "causal_buckets": (a.causal_buckets, DISTANCE),
    "causal_linear_attention": (partial(a.causal_linear_attention, block=3), *QKV),
    "compare_influence": (partial(a.compare_influence, torch.sin, torch.cos), draw(LENGTH, 3)),
    "context": (lambda *x: a.context(*x, a.dot_scores), X[:, 0], MEMORY, torch.tensor([3, 0])),
    "cross_attention": (a.cross_attention, X, MEMORY, draw(12, 3), draw(12, 3), draw(12, 2)),
    "dot_scores": (a.dot_scores, X, MEMORY),
    "fast_attention": (partial(a.fast_attention, **CAUSAL), *QKV, BOOL),
    "gaussian_scores": (partial(a.gaussian_scores, bandwidth=1.5), X, MEMORY),
    "generate": (partial(a.generate, WRITER, n_new=2), SEGMENTS[None]),
    "head_by_pattern": (a.head_by_pattern, draw(2, HEADS, LENGTH, LENGTH), BOOL),
    "influence": (partial(a.influence, torch.sin), draw(LENGTH, 3)),
    "influence_map": (partial(a.influence_map, torch.sin), draw(LENGTH, 3)),
    "kernel_regression": (partial(a.kernel_regression, bandwidth=1.5), *QKV),
    "linear_attention": (a.linear_attention, *QKV),
    "log_mel_frames": (partial(a.log_mel_frames, rate=80, size=8, step=3, n_mels=2), draw(2, 21)),
    "masked_softmax": (a.masked_softmax, SCORES, BOOL),
    "masked_word": (partial(a.masked_word, BERT, place=1, mask_token=8), SEGMENTS),
    "merge_heads": (a.merge_heads, QKV[0]),
    "ndcg": (partial(a.ndcg, k=2), draw(BATCH, LENGTH), torch.zeros(BATCH).long()),
    "next_token_loss": (a.next_token_loss, draw(BATCH, LENGTH, 3), torch.ones(BATCH, LENGTH).int()),
    "padding_mask": (partial(a.padding_mask, max_len=4), torch.tensor([3, 0])),
    "pair_score": (
        lambda *maps: a.pair_score(maps, (0, 1), ((1, 2), (2, 3))),
        draw(2, HEADS, LENGTH, LENGTH),
        draw(2, HEADS, LENGTH, LENGTH, seed=1),
    ),
    "patchify": (partial(a.patchify, patch=2), draw(BATCH, LENGTH, HEAD_DIM)),
    "output_slopes": (partial(a.output_slopes, torch.sin, entry=1), draw(LENGTH, 3)),
    "path_length": (lambda *x: a.path_length(x), a.causal_mask(LENGTH)),
    "pattern_scores": (a.pattern_scores, draw(2, HEADS, LENGTH, LENGTH), BOOL),
    "relative_buckets": (a.relative_buckets, DISTANCE),
    "rollout": (a.rollout, draw(2, HEADS, LENGTH, LENGTH)),
    "rotate": (a.rotate, QKV[0], torch.arange(LENGTH)),
    "rotate_halves": (a.rotate_halves, QKV[0], torch.arange(LENGTH)),
    "row_blocked_attention": (partial(a.row_blocked_attention, block=3, **CAUSAL), *QKV, BOOL),
    "scaled_dot_product_attention": (
        partial(a.scaled_dot_product_attention, **CAUSAL),
        *QKV,
        SCORES[0],
    ),
    "scaled_dot_scores": (a.scaled_dot_scores, X, MEMORY),
    "share_heads": (partial(a.share_heads, n_heads=3), QKV[0][:, :1]),
    "shift_right": (partial(a.shift_right, start=9), SEGMENTS),
    "sliding_window_attention": (partial(a.sliding_window_attention, window=2, block=3), *QKV),
    "soft_cap": (partial(a.soft_cap, cap=2.0), SCORES),
    "soft_lookup": (a.soft_lookup, *QKV),
    "softmax": (a.softmax, SCORES),
    "split_heads": (partial(a.split_heads, n_heads=3), X),
    "training_pairs": (a.training_pairs, SEGMENTS),
    "tiled_attention": (partial(a.tiled_attention, block=3, **CAUSAL), *QKV, BOOL),
}
# They are handed a model alone, and return a way back.
WITHOUT_TENSORS_BUT_A_MODEL = {"ablate_head", "reweigh_head"}
# They are handed sizes alone; or scores that it says it uses up.
WITHOUT_TENSORS = {"RelativeBias", "alibi_bias", "alibi_slopes", "causal_mask", "mel_filters",
                   "prefix_mask", "sinusoidal", "window_mask"}  # fmt: skip
# It is handed a model to be changed, and only reads the tokens: tests/exercises/test_gpt.py asks.
LEARNS = {"training_step"}
USES_UP = {"OnlineSoftmax"}


def test_every_public_name_is_asked_whether_it_writes():
    """A new function cannot be forgotten here."""
    assert set(CALLS) | WITHOUT_TENSORS | WITHOUT_TENSORS_BUT_A_MODEL | USES_UP | LEARNS == set(
        a.__all__
    )


@pytest.mark.parametrize("name", CALLS)
def test_nothing_handed_over_is_written_to(name):
    """Each tensor is what it was, after both passes."""
    call, *given = CALLS[name]
    given = [x.clone().requires_grad_(x.is_floating_point()) for x in given]
    before = [x.detach().clone() for x in given]
    output = call(*given)
    output = output[0] if isinstance(output, tuple) else output
    if isinstance(output, torch.Tensor) and output.requires_grad:
        output.square().sum().backward()
    for now, then in zip(given, before, strict=True):
        assert now.equal(then)
