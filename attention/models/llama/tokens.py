"""The tokenizer that a GGUF file describes, built of the parts that the library has."""

from collections.abc import Mapping

SPECIAL = 3  # llama.cpp's number for a token that no text is split into


def tokenizer_of(known: Mapping):
    """Build the tokenizer of a file's metadata.

    It works on bytes, so that any text can be told in its tokens: each digit and each word, with
    the space before it, is cut up by itself (byte-pair encoding joins what was often neighbours).

    Args:
        known: the metadata of a GGUF file.

    Returns:
        A `tokenizers.Tokenizer`.

    Raises:
        ValueError: the file describes another kind of tokenizer.

    Source: Sennrich, Haddow and Birch (2016) for the pairs; Radford et al. (2019), section 2.2, for
    the bytes; llama.cpp's `pre` "smollm" for the digits.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    kind = known.get("tokenizer.ggml.model"), known.get("tokenizer.ggml.pre")
    if kind != ("gpt2", "smollm"):
        raise ValueError(f"the tokenizer must be ('gpt2', 'smollm') to be read here, got {kind}")
    words = known["tokenizer.ggml.tokens"]
    pairs = [tuple(pair.split(" ")) for pair in known["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({word: place for place, word in enumerate(words)}, pairs))
    digits = pre_tokenizers.Digits(individual_digits=True)
    by_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, by_bytes])
    tokenizer.decoder = decoders.ByteLevel()
    types = known["tokenizer.ggml.token_type"]
    special = [word for word, type_ in zip(words, types, strict=True) if type_ == SPECIAL]
    tokenizer.add_special_tokens(
        [AddedToken(word, special=True, normalized=False) for word in special]
    )
    return tokenizer
