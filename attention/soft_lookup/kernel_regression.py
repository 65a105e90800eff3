"""Nadaraya–Watson kernel regression, written as attention: a soft lookup older than the name."""

from torch import Tensor

from attention.precision import wide, within_range
from attention.shapes import check_attention, check_positive, check_query_key
from attention.soft_lookup.softmax import softmax, tempered


def gaussian_scores(query: Tensor, key: Tensor, bandwidth: float) -> Tensor:
    """Score each key by its distance from the query; the nearest key has the highest score.

        score = −‖q − k‖² / (2 bandwidth²)

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).
        bandwidth: the distance at which a key counts for exp(−½) ≈ 0.61 of one at the query.

    Returns:
        (..., query_len, key_len), none above zero; of half precision in float32, for a squared
        distance may pass 65 504.

    Raises:
        ValueError: the shapes do not belong together, or the bandwidth is not positive.

    Source: Nadaraya (1964) and Watson (1964), with a Gaussian kernel.
    """
    check_query_key(query, key)
    check_positive("bandwidth", bandwidth)
    nearness = _nearness(query, key)
    return nearness / within_range(2 * bandwidth * bandwidth, nearness.dtype)


def kernel_regression(query: Tensor, key: Tensor, value: Tensor, bandwidth: float) -> Tensor:
    """Predict at each query the average of the observed values, weighted by nearness.

        f(q) = Σᵢ K(q − kᵢ) vᵢ / Σⱼ K(q − kⱼ)  =  softmax(scores) v,   K a Gaussian

    The normalised kernel *is* a softmax, because K is the exponential of a score.

    Args:
        query: (..., query_len, d) where to predict.
        key: (..., key_len, d) where something was observed.
        value: (..., key_len, value_dim) what was observed there.
        bandwidth: the width of the Gaussian, in the units of the keys.

    Returns:
        (..., query_len, value_dim).

    Raises:
        ValueError: the shapes do not belong together, or the bandwidth is not positive.

    Source: Nadaraya (1964), On estimating regression; Watson (1964), Smooth regression analysis.
    """
    check_attention(query, key, value)
    check_positive("bandwidth", bandwidth)
    # The softmax of `gaussian_scores`, counted from the nearest key: however narrow the kernel is,
    # that one has a score of 0.
    scores = tempered(_nearness(query, key), 2 * bandwidth * bandwidth)
    weights = softmax(scores)  # (..., query_len, key_len)
    return weights.to(value.dtype) @ value  # (..., query_len, value_dim)


def _nearness(query: Tensor, key: Tensor) -> Tensor:
    """−‖q − k‖² for each query and key, (..., query_len, key_len)."""
    offsets = wide(query).unsqueeze(-2) - wide(key).unsqueeze(-3)  # (..., query_len, key_len, d)
    return -offsets.square().sum(dim=-1)
