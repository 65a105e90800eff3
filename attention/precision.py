"""In which precision numbers are multiplied and summed, whatever came and whatever autocast says.

float16 ends at 65 504, which a score may pass, and bfloat16 counts in eighths from 16 on. So
products are summed in float32 at least, and the answer is told in the inputs' dtype. Autocast would
take every product of matrices back to half precision, also of what was widened for it.
"""

import torch
from torch import Tensor


def wide(x: Tensor) -> Tensor:
    """Return x in float32, or in float64 if that is what it is."""
    return x if x.dtype.itemsize > 2 else x.float()


def wide_product(left: Tensor, right: Tensor) -> Tensor:
    """Multiply matrices in float32 at least, under autocast, too."""
    if not is_autocast(left):
        return wide(left) @ wide(right)
    with torch.autocast(left.device.type, enabled=False):
        return wide(left) @ wide(right)


def fitted(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Take numbers to another dtype, in which what is finite stays finite: −10⁹ is no −∞."""
    limits = torch.finfo(dtype)
    if torch.finfo(x.dtype).max > limits.max:
        x = torch.where(x.isinf(), x, x.clamp(limits.min, limits.max))
    return x.to(dtype)


def within_range(number: float, dtype: torch.dtype) -> float:
    """Bring a positive number between the smallest and the largest of a dtype.

    To divide by it leaves 0 at 0 and −∞ at −∞; to divide by what the dtype rounds to 0 or ∞ makes
    them NaN.
    """
    limits = torch.finfo(dtype)
    return min(max(number, limits.tiny), limits.max)


def finest(device: torch.device) -> torch.dtype:
    """Name the most exact dtype that a device has: Apple's GPU has no float64."""
    return torch.float32 if device.type == "mps" else torch.float64


def answer_dtype(x: Tensor) -> torch.dtype:
    """Name the dtype in which an attention over x answers: x's or, as PyTorch's own, autocast's."""
    return torch.get_autocast_dtype(x.device.type) if is_autocast(x) else x.dtype


def is_autocast(x: Tensor) -> bool:
    """Tell whether autocast would take x to another dtype; it never does so with float64."""
    try:
        return torch.is_autocast_enabled(x.device.type) and x.dtype != torch.float64
    except RuntimeError:  # autocast does not know such a device: "meta"
        return False
