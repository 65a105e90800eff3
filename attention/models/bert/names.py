"""What Hugging Face calls the tensors of a BERT, and what they are called in `BertEncoder`."""

from torch import Tensor

# Replaced in this order: those under "attention." before the last two, because "output.dense" is
# a part of "attention.output.dense".
NAMES = {
    "embeddings.word_embeddings": "embed.token",
    "embeddings.position_embeddings": "embed.position",
    "embeddings.token_type_embeddings": "embed.sentence",
    "embeddings.LayerNorm": "embed.norm",
    "encoder.layer": "blocks",
    "attention.self.query": "attention.to_query",
    "attention.self.key": "attention.to_key",
    "attention.self.value": "attention.to_value",
    "attention.output.dense": "attention.to_output",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "feed_forward.expand",
    "output.dense": "feed_forward.contract",
    "output.LayerNorm": "feed_forward_norm",
    # The files of 2018 call a norm's scale and shift by the paper's letters.
    "norm.gamma": "norm.weight",
    "norm.beta": "norm.bias",
}
NOT_OURS = ("pooler.", "embeddings.position_ids")  # a head for classification; 0, 1, 2, …
PREFIX = "bert."  # where the file holds a BERT under a head for some task, as bert-base-uncased's


def rename(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give Hugging Face's BERT tensors the names that they have in `BertEncoder`.

    Heads for a task are left out, with or without the BERT under them being called `bert.`;
    numbers in half precision become float32.
    """
    if any(name.startswith(PREFIX) for name in state):
        state = {
            name.removeprefix(PREFIX): tensor
            for name, tensor in state.items()
            if name.startswith(PREFIX)
        }
    renamed = {}
    for name, tensor in state.items():
        if name.startswith(NOT_OURS):
            continue
        for theirs, ours in NAMES.items():
            name = name.replace(theirs, ours)
        renamed[name] = tensor.float()
    return renamed
