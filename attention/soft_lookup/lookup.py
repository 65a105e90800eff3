"""A dictionary lookup made soft: compare a query with all keys, return a mixture of the values."""

from torch import Tensor

from attention.precision import wide_product
from attention.shapes import check_attention, check_positive
from attention.soft_lookup.softmax import softmax, tempered


def soft_lookup(query: Tensor, key: Tensor, value: Tensor, temperature: float = 1.0) -> Tensor:
    """Answer each query with the average of the values, weighted by how well their keys match.

        output = softmax(q kᵀ / temperature) v

    A low temperature approaches a dictionary lookup (the best key takes all), a high one the
    plain average of the values.

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).
        value: (..., key_len, value_dim).
        temperature: greater than zero. However small it is, the best key takes all, or shares it
            with those that match as well.

    Returns:
        (..., query_len, value_dim).

    Raises:
        ValueError: the shapes do not belong together, or the temperature is not positive.
        TypeError: an argument is not a floating-point tensor.
    """
    check_attention(query, key, value)
    check_positive("temperature", temperature)
    scores = wide_product(query, key.transpose(-2, -1))  # (..., query_len, key_len), in float32
    weights = softmax(tempered(scores, temperature))
    return weights.to(value.dtype) @ value  # (..., query_len, value_dim)
