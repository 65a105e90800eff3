"""GPT-2's weights as Hugging Face keeps them, copied into `GPT`."""

import math

from torch import nn

from attention.models.gpt.model import GPT

# Hugging Face's names of one block's maps and norms, and ours. Its maps keep their matrix as
# (in, out), the other way round than nn.Linear, and stack query, key and value in one.
NAMES = {
    "ln_1": "attention_norm",
    "attn.c_proj": "attention.to_output",
    "ln_2": "feed_forward_norm",
    "mlp.c_fc": "feed_forward.expand",
    "mlp.c_proj": "feed_forward.contract",
}
INPUT_MAPS = ["attention.to_query", "attention.to_key", "attention.to_value"]


TANH_GELU = ("gelu_new", "gelu_pytorch_tanh")  # two names of one function


def from_gpt2(theirs: nn.Module) -> GPT:
    """Copy a `transformers.GPT2LMHeadModel` into ours, which then gives the same scores.

    Args:
        theirs: of any sizes. Its norms may add another number to the variance, and its scores be
            scaled otherwise than by 1/√d: that is copied, too.

    Returns:
        A new `GPT` with its own copy, of the same dtype, on the same device, in evaluation mode.

    Raises:
        ValueError: an option asks for what ours has not: a feed-forward network of another width or
            bend, a table of its own for the scores, or cross-attention.
        TypeError: it is another model, or has another head.
    """
    _check(theirs)
    config = theirs.config
    state = theirs.transformer.state_dict()
    ours = {
        "token.weight": state["wte.weight"],
        "position.weight": state["wpe.weight"],
        "norm.weight": state["ln_f.weight"],
        "norm.bias": state["ln_f.bias"],
    }
    for layer in range(config.n_layer):
        for kind in ("weight", "bias"):
            for name, our_name in NAMES.items():
                tensor = state[f"h.{layer}.{name}.{kind}"]
                ours[f"blocks.{layer}.{our_name}.{kind}"] = (
                    tensor.mT if tensor.ndim == 2 else tensor
                )
            stacked = state[f"h.{layer}.attn.c_attn.{kind}"]  # (d_model, 3 d_model) or (3 d_model,)
            parts = list(stacked.chunk(3, dim=-1))
            parts[0] = parts[0] * _scale(config, layer)
            for our_name, part in zip(INPUT_MAPS, parts, strict=True):
                ours[f"blocks.{layer}.{our_name}.{kind}"] = part.mT if part.ndim == 2 else part
    sizes = config.vocab_size, config.n_embd, config.n_head, config.n_layer, config.n_positions
    model = GPT(*sizes).to(state["wte.weight"])
    model.load_state_dict(ours)
    for norm in model.modules():
        if isinstance(norm, nn.LayerNorm):
            norm.eps = config.layer_norm_epsilon
    return model.eval()


def _scale(config, layer: int) -> float:
    """What a layer's queries have to be multiplied by, so that 1/√d scales its scores as theirs."""
    scale = 1.0 if config.scale_attn_weights else math.sqrt(config.n_embd // config.n_head)
    return scale / (layer + 1) if config.scale_attn_by_inverse_layer_idx else scale


def _check(theirs: nn.Module) -> None:
    """Raise unless ours can compute what theirs does."""
    kind = getattr(getattr(theirs, "config", None), "model_type", None)
    if kind != "gpt2" or not hasattr(theirs, "lm_head"):
        raise TypeError(f"the model must be a GPT2LMHeadModel, got {type(theirs).__name__}")
    config = theirs.config
    bend = config.activation_function
    if config.n_inner not in (None, 4 * config.n_embd) or bend not in TANH_GELU:
        raise ValueError(
            "the feed-forward network must be four times d_model wide and bend by gelu_new, "
            f"got n_inner {config.n_inner} and activation_function {bend}"
        )
    if config.add_cross_attention:
        raise ValueError("add_cross_attention: the model listens to another one, which ours cannot")
    if not theirs.lm_head.weight.equal(theirs.transformer.wte.weight):
        raise ValueError(
            "the scores must be dot products with the token embeddings, got another table for them "
            f"(tie_word_embeddings {config.tie_word_embeddings})"
        )
