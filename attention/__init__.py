"""Attention, one idea a file: the PyTorch package that the book explains.

Words and shapes. Tensors are batch first: query (..., query_len, d), key (..., key_len, d),
value (..., key_len, value_dim), scores and weights (..., query_len, key_len). A mask is boolean
and True means "may attend"; a query with nothing to attend to gets zeros.

Nothing here prints, but for a progress bar in a terminal. Only `attention.models.pretrained`,
with `hub` beside it, and the loaders in `attention.data` read files.
"""

from attention.ablation import ablate_head, reweigh_head
from attention.alibi import alibi_bias, alibi_slopes
from attention.alignment import context
from attention.cross_attention import cross_attention
from attention.decoder_block import DecoderBlock, PostNormDecoderBlock
from attention.encoder_block import EncoderBlock, PostNormEncoderBlock
from attention.fast import fast_attention
from attention.feed_forward import FeedForward
from attention.generation import generate
from attention.grouped_heads import share_heads
from attention.head_patterns import head_by_pattern, pattern_scores
from attention.heads import merge_heads, split_heads
from attention.influence import compare_influence, influence, influence_map
from attention.kernel_regression import gaussian_scores, kernel_regression
from attention.kv_cache import KVCache
from attention.linear_attention import causal_linear_attention, linear_attention
from attention.log_mel import log_mel_frames
from attention.mask_patterns import block_mask, prefix_mask, window_mask
from attention.masks import causal_mask, padding_mask
from attention.mel import mel_filters
from attention.models.bert import BertEncoder, attention_maps
from attention.models.gpt import GPT
from attention.multi_head import MultiHeadAttention
from attention.online_softmax import OnlineSoftmax
from attention.patches import patchify
from attention.paths import path_length
from attention.relative_bias import RelativeBias, causal_buckets, relative_buckets
from attention.residual import PostNorm, PreNorm
from attention.rollout import rollout
from attention.rotary import rotate, rotate_halves
from attention.row_blocks import row_blocked_attention
from attention.scaled_dot_product import attention_weights, scaled_dot_product_attention
from attention.scorers import AdditiveScorer, BilinearScorer
from attention.scoring import (
    additive_scores,
    bilinear_scores,
    dot_scores,
    scaled_dot_scores,
    soft_cap,
)
from attention.self_attention import SelfAttention
from attention.sinusoidal import sinusoidal
from attention.sliding_window import sliding_window_attention
from attention.soft_lookup import masked_softmax, soft_lookup, softmax
from attention.tiled import tiled_attention
from attention.training_pairs import training_pairs

__all__ = [
    "GPT",
    "AdditiveScorer",
    "BertEncoder",
    "BilinearScorer",
    "DecoderBlock",
    "EncoderBlock",
    "FeedForward",
    "KVCache",
    "MultiHeadAttention",
    "OnlineSoftmax",
    "PostNorm",
    "PostNormDecoderBlock",
    "PostNormEncoderBlock",
    "PreNorm",
    "RelativeBias",
    "SelfAttention",
    "ablate_head",
    "additive_scores",
    "alibi_bias",
    "alibi_slopes",
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
    "mel_filters",
    "merge_heads",
    "padding_mask",
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
    "sinusoidal",
    "sliding_window_attention",
    "soft_cap",
    "soft_lookup",
    "softmax",
    "split_heads",
    "tiled_attention",
    "training_pairs",
    "window_mask",
]
