"""Attention, one idea a file: the PyTorch package that the book explains.

Words and shapes. Tensors are batch first: query (..., query_len, d), key (..., key_len, d),
value (..., key_len, value_dim), scores and weights (..., query_len, key_len). A mask is boolean
and True means "may attend"; a query with nothing to attend to gets zeros.

The rooms, from the ground up; none imports from a later one: `precision`, `shapes`,
`why_attention`, `masks`, `soft_lookup`, `scoring`, `alignment`, `self_attention`, `positions`,
`multi_head`, `transformer`, `encoder_decoder`, `efficiency`, `tokens`, `data`, `models.judging`,
`models.training`, `models.hub`, `models.converted`, `models.toys`, `models.alignment`,
`models.encoder_decoder`, `models.bert`, `models.gpt`, `models.llama`, `models.vision`,
`models.dino`, `models.speech`, `models.recommendation`, `models.films`, `models.whisper`,
`coreference`, `interpretation` and `listening`.

A chapter's code is in the room of its name; whole models, and what trains them, are in `models`.

Nothing here prints, but for a progress bar in a terminal. Only what is called `pretrained` in
`models`, with `hub` and `converted`, and the loaders in `data` read or write files.
"""

from attention.alignment.context import context
from attention.coreference import pair_score
from attention.efficiency.linear_attention import causal_linear_attention, linear_attention
from attention.efficiency.online_softmax import OnlineSoftmax
from attention.efficiency.row_blocks import row_blocked_attention
from attention.efficiency.sliding_window import sliding_window_attention
from attention.efficiency.tiled import tiled_attention
from attention.encoder_decoder.cross_attention import cross_attention
from attention.encoder_decoder.decoder_block import DecoderBlock, PostNormDecoderBlock
from attention.encoder_decoder.next_token import next_token_loss, shift_right
from attention.interpretation.ablation import ablate_head, reweigh_head
from attention.interpretation.rollout import rollout
from attention.listening.alignment_error import alignment_error
from attention.masks.causal import causal_mask
from attention.masks.padding import padding_mask
from attention.masks.patterns import block_mask, prefix_mask, window_mask
from attention.models.bert.encoder import BertEncoder, attention_maps
from attention.models.bert.head_patterns import head_by_pattern, pattern_scores
from attention.models.bert.masked_word import masked_word
from attention.models.gpt.generation import generate
from attention.models.gpt.model import GPT
from attention.models.gpt.training_step import training_step
from attention.models.llama.model import Llama
from attention.models.recommendation.ranking import ndcg
from attention.multi_head.attention import MultiHeadAttention
from attention.multi_head.heads import merge_heads, split_heads
from attention.multi_head.kv_cache import KVCache
from attention.positions.alibi import alibi_bias, alibi_slopes
from attention.positions.relative_bias import RelativeBias, causal_buckets, relative_buckets
from attention.positions.rotary import rotate, rotate_halves
from attention.positions.sinusoidal import sinusoidal
from attention.scoring.fast import fast_attention
from attention.scoring.grouped_heads import share_heads
from attention.scoring.scaled_dot_product import attention_weights, scaled_dot_product_attention
from attention.scoring.scorers import AdditiveScorer, BilinearScorer
from attention.scoring.scores import (
    additive_scores,
    bilinear_scores,
    dot_scores,
    scaled_dot_scores,
    soft_cap,
)
from attention.self_attention import SelfAttention
from attention.soft_lookup.kernel_regression import gaussian_scores, kernel_regression
from attention.soft_lookup.lookup import soft_lookup
from attention.soft_lookup.softmax import masked_softmax, softmax
from attention.tokens.log_mel import log_mel_frames
from attention.tokens.mel import mel_filters
from attention.tokens.patches import patchify
from attention.tokens.training_pairs import training_pairs
from attention.transformer.encoder_block import EncoderBlock, PostNormEncoderBlock
from attention.transformer.feed_forward import FeedForward
from attention.transformer.residual import PostNorm, PreNorm
from attention.transformer.rms_norm import RMSNorm
from attention.transformer.swiglu import SwiGLU
from attention.why_attention.influence import (
    compare_influence,
    influence,
    influence_map,
    output_slopes,
)
from attention.why_attention.paths import path_length

__all__ = [
    "GPT",
    "AdditiveScorer",
    "BertEncoder",
    "BilinearScorer",
    "DecoderBlock",
    "EncoderBlock",
    "FeedForward",
    "KVCache",
    "Llama",
    "MultiHeadAttention",
    "OnlineSoftmax",
    "PostNorm",
    "PostNormDecoderBlock",
    "PostNormEncoderBlock",
    "PreNorm",
    "RMSNorm",
    "RelativeBias",
    "SelfAttention",
    "SwiGLU",
    "ablate_head",
    "additive_scores",
    "alibi_bias",
    "alibi_slopes",
    "alignment_error",
    "attention_maps",
    "attention_weights",
    "bilinear_scores",
    "block_mask",
    "causal_buckets",
    "causal_linear_attention",
    "causal_mask",
    "compare_influence",
    "context",
    "cross_attention",
    "dot_scores",
    "fast_attention",
    "gaussian_scores",
    "generate",
    "head_by_pattern",
    "influence",
    "influence_map",
    "kernel_regression",
    "linear_attention",
    "log_mel_frames",
    "masked_softmax",
    "masked_word",
    "mel_filters",
    "merge_heads",
    "ndcg",
    "next_token_loss",
    "output_slopes",
    "padding_mask",
    "pair_score",
    "patchify",
    "path_length",
    "pattern_scores",
    "prefix_mask",
    "relative_buckets",
    "reweigh_head",
    "rollout",
    "rotate",
    "rotate_halves",
    "row_blocked_attention",
    "scaled_dot_product_attention",
    "scaled_dot_scores",
    "share_heads",
    "shift_right",
    "sinusoidal",
    "sliding_window_attention",
    "soft_cap",
    "soft_lookup",
    "softmax",
    "split_heads",
    "tiled_attention",
    "training_pairs",
    "training_step",
    "window_mask",
]
