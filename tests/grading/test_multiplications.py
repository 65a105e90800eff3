"""What the checks count of an answer: multiplications, by a counter that costs no second."""

import pytest
import torch
from torch import einsum
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from grading.multiplications import multiplications

A, B, C = torch.ones(2, 3, 4), torch.ones(2, 4, 5), torch.ones(2, 3, 5)
PRODUCTS = {
    "operator": lambda: A @ B,
    "matmul": lambda: A.matmul(B) + torch.matmul(A, B),
    "one for all": lambda: A @ B[0],
    "bmm": lambda: A.bmm(B),
    "mm": lambda: A[0].mm(B[0]),
    "linear": lambda: F.linear(A, B[0].T),
    "baddbmm": lambda: torch.baddbmm(C, A, B),
    "addmm": lambda: torch.addmm(C[0], A[0], B[0]),
    "einsum": lambda: einsum("bij,bjk->bik", A, B),
    "einsum with dots": lambda: einsum("...ij,...jk->...ik", A, B),
    "einsum of a list": lambda: einsum("bij, bjk -> bik", [A, B]),
    "einsum without an arrow": lambda: einsum("ij,jk", A[0], B[0]),
    "one sum after another": lambda: [A[:, :i] @ B for i in range(1, 4)],
    "nothing": lambda: A + A,
}


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)
def test_products_of_matrices_are_counted_as_pytorch_counts_them(product):
    """PyTorch counts a multiplication and an addition: two for each of ours."""
    with FlopCounterMode(display=False) as counter:
        product()
    assert 2 * multiplications(product) == counter.get_total_flops()
