"""What Hugging Face calls the tensors of a Llama, and in which order it keeps a head's rows."""

from torch import Tensor

NAMES = {
    "model.embed_tokens": "token",
    "model.norm": "norm",
    "model.layers": "blocks",
    "input_layernorm": "attention_norm",
    "self_attn.q_proj": "attention.to_query",
    "self_attn.k_proj": "attention.to_key",
    "self_attn.v_proj": "attention.to_value",
    "self_attn.o_proj": "attention.to_output",
    "post_attention_layernorm": "feed_forward_norm",
    "mlp.gate_proj": "feed_forward.gate",
    "mlp.up_proj": "feed_forward.up",
    "mlp.down_proj": "feed_forward.down",
}
TURNED = ("attention.to_query.weight", "attention.to_key.weight")
SCORES = "lm_head.weight"  # the token table once more


def from_hugging_face(state: dict[str, Tensor], head_dim: int) -> dict[str, Tensor]:
    """Give the tensors of a `LlamaForCausalLM` the names and the order of rows of `Llama`.

    Hugging Face turns number p of a head with number p + head_dim/2, `rotate` with its neighbour:
    the rows of the two halves are laid between one another. (Weights in the wrong order load, and
    are another model.)

    Args:
        state: of a model that scores by its token table.
        head_dim: how many rows make up a head.

    Returns:
        As many tensors, in float32.
    """
    ours = {}
    for name, tensor in state.items():
        if name != SCORES:
            for theirs, our in NAMES.items():
                name = name.replace(theirs, our)
            ours[name] = (neighbours(tensor, head_dim) if name.endswith(TURNED) else tensor).float()
    return ours


def to_hugging_face(state: dict[str, Tensor], head_dim: int) -> dict[str, Tensor]:
    """Undo `from_hugging_face`."""
    theirs = {SCORES: state["token.weight"]}
    for name, tensor in state.items():
        tensor = halves(tensor, head_dim) if name.endswith(TURNED) else tensor
        for their, ours in NAMES.items():
            start = their.startswith("model.")
            name = their + name.removeprefix(ours) if start and name.startswith(ours) else name
            name = name if start else name.replace(f".{ours}.", f".{their}.")
        theirs[name] = tensor
    return theirs


def neighbours(rows: Tensor, head_dim: int) -> Tensor:
    """Lay the two halves of each head's rows between one another: 0, d/2, 1, d/2 + 1, …"""
    return rows.unflatten(0, (-1, 2, head_dim // 2)).transpose(1, 2).reshape(rows.shape)


def halves(rows: Tensor, head_dim: int) -> Tensor:
    """Part each head's rows into the even ones and the odd ones: 0, 2, …, 1, 3, …"""
    return rows.unflatten(0, (-1, head_dim // 2, 2)).transpose(1, 2).reshape(rows.shape)
