"""Hugging Face's module with the weights of a `Llama`, to be compared with it."""

import torch

from attention.models.llama.model import Llama
from attention.models.llama.names import to_hugging_face


def hugging_face(model: Llama):
    """Build a `transformers.LlamaForCausalLM` that has the same weights, in evaluation mode.

    Args:
        model: ours. Maps whose rows need no other order are shared with it, and not copied.
    """
    from transformers import LlamaConfig, LlamaForCausalLM

    attention, feed_forward = model.blocks[0].attention, model.blocks[0].feed_forward
    config = LlamaConfig(
        vocab_size=model.token.num_embeddings,
        hidden_size=attention.d_model,
        num_attention_heads=attention.n_heads,
        num_key_value_heads=attention.n_kv_heads,
        num_hidden_layers=len(model.blocks),
        intermediate_size=feed_forward.gate.out_features,
        max_position_embeddings=model.max_len,
        rms_norm_eps=model.norm.eps,
        rope_parameters={"rope_type": "default", "rope_theta": attention.rotary_base},
        tie_word_embeddings=True,
    )
    with torch.device("meta"):
        module = LlamaForCausalLM(config)
    head_dim = attention.d_model // attention.n_heads
    module.load_state_dict(to_hugging_face(model.state_dict(), head_dim), assign=True)
    module.model.rotary_emb = type(module.model.rotary_emb)(config)  # its angles are no weights
    return module.eval()
