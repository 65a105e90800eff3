"""A window's width in the words of other libraries, and back.

Here, and in Mistral, Gemma and gpt-oss, a window counts the token itself: a window of w is that
token and w − 1 before it and, where there is no causal rule, w − 1 after it. Hugging Face's
`sliding_window` of such a decoder is ours as it stands. Of what looks both ways it is not: there
the same word, or another, counts the neighbours on each side, or on both together, and never the
token itself. As with a mask the wrong way round, no error tells.
"""

from attention.shapes import check_count


def to_each_side(window: int) -> int:
    """Count the neighbours on each side, as Hugging Face's two-sided `sliding_window` does.

    FlashAttention's `window_size` is a pair of such numbers: (to_each_side(w), 0) under the causal
    rule, (to_each_side(w), to_each_side(w)) without it.

    Args:
        window: ours, at least 1.
    """
    check_count("window", window, least=1)
    return window - 1


def from_each_side(each_side: int) -> int:
    """Read a number of neighbours on each side: 3 are a window of 4.

    Args:
        each_side: at least 0.
    """
    check_count("each_side", each_side, least=0)
    return each_side + 1


def to_attention_window(window: int) -> int:
    """Count the neighbours on both sides together, as Longformer's `attention_window` does.

    So do ModernBERT's `local_attention` and the `sliding_window` of a Gemma that looks both ways.

    Args:
        window: ours, at least 1.
    """
    return 2 * to_each_side(window)


def from_attention_window(attention_window: int) -> int:
    """Read a number of neighbours on both sides together: 128 are a window of 65.

    Args:
        attention_window: at least 0, an even number.

    Raises:
        ValueError: it is odd, and one side would have more.
    """
    check_count("attention_window", attention_window, least=0)
    if attention_window % 2:
        raise ValueError(
            f"attention_window must be even, half of it on each side, got {attention_window}"
        )
    return from_each_side(attention_window // 2)
