"""GPT-2's weights as Hugging Face keeps them, copied into `GPT`."""

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


def from_gpt2(theirs: nn.Module) -> GPT:
    """Copy a `transformers.GPT2LMHeadModel` into ours, which then gives the same scores.

    Args:
        theirs: with the sizes and options of the published GPT-2, whatever their numbers.

    Returns:
        A new `GPT` with its own copy, of the same dtype, on the same device, in evaluation mode.

    Raises:
        ValueError: the feed-forward network is not four times d_model wide, or bends otherwise.
    """
    config = theirs.config
    if config.n_inner not in (None, 4 * config.n_embd) or config.activation_function != "gelu_new":
        raise ValueError(
            "the feed-forward network must be four times d_model wide and bend by gelu_new, "
            f"got n_inner {config.n_inner} and {config.activation_function}"
        )
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
            for our_name, part in zip(INPUT_MAPS, stacked.chunk(3, dim=-1), strict=True):
                ours[f"blocks.{layer}.{our_name}.{kind}"] = part.mT if part.ndim == 2 else part
    sizes = config.vocab_size, config.n_embd, config.n_head, config.n_layer, config.n_positions
    model = GPT(*sizes).to(state["wte.weight"])
    model.load_state_dict(ours)
    return model.eval()
