"""Derivatives of attention in tiles: any number of them, forward and back, mapped and batched."""

from functools import partial

import pytest
import torch
from torch.autograd.functional import jacobian
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap
from torch.testing import assert_close

from attention import scaled_dot_product_attention, tiled_attention

# PyTorch compiles some of its forward derivatives by a way that it calls deprecated itself.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")

BATCH, QUERY_LEN, KEY_LEN, HEAD_DIM, VALUE_DIM = 2, 5, 7, 3, 4
torch.manual_seed(0)
QUERY, KEY, VALUE = (
    torch.randn(BATCH, n, d, dtype=torch.float64)
    for n, d in ((QUERY_LEN, HEAD_DIM), (KEY_LEN, HEAD_DIM), (KEY_LEN, VALUE_DIM))
)
MASK = torch.rand(BATCH, QUERY_LEN, KEY_LEN) > 0.3
MASK[0, 1] = False  # a dead row

HOW = {
    "plain": {},
    "causal": {"is_causal": True},
    "masked": {"mask": MASK},
    "both": {"mask": MASK, "is_causal": True},
}
EACH = pytest.mark.parametrize("how", HOW.values(), ids=HOW)


def agree(compute, *args):
    """Tiles and the explicit formula make the same of it."""
    tiles = partial(tiled_attention, block=2)
    assert_close(compute(tiles)(*args), compute(scaled_dot_product_attention)(*args))


def loss(attend, how):
    return lambda *inputs: attend(*inputs, **how).square().sum()


@EACH
def test_slopes_of_slopes_are_slopes(how):
    """Nudging each number says the same of the first and second derivative, and forward."""
    inputs = [x.clone().requires_grad_() for x in (QUERY, KEY, VALUE)]
    attend = partial(tiled_attention, block=2, **how)
    assert torch.autograd.gradcheck(attend, inputs, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(attend, inputs)


@EACH
def test_a_penalty_on_the_gradient_trains(how):
    """The second derivative by `create_graph`, as WGAN-GP and MAML take it."""

    def penalty(attend):
        inputs = [x.clone().requires_grad_() for x in (QUERY, KEY, VALUE)]
        first = torch.autograd.grad(loss(attend, how)(*inputs), inputs, create_graph=True)
        return torch.autograd.grad(sum(g.square().sum() for g in first), inputs)

    agree(lambda attend: lambda: penalty(attend))


@EACH
def test_gradients_of_functions(how):
    """`torch.func.grad`, and once more of that."""
    agree(lambda f: grad(loss(f, how), argnums=(0, 1, 2)), QUERY, KEY, VALUE)
    agree(lambda f: grad(lambda k: grad(loss(f, how), 1)(QUERY, k, VALUE).sin().sum()), KEY)


@EACH
def test_derivatives_forward(how):
    """`jvp` of all inputs and of one, Jacobians either way, and Hessians."""
    moved = QUERY.sin(), KEY.cos(), VALUE + 1
    agree(lambda f: lambda *by: jvp(partial(f, **how), (QUERY, KEY, VALUE), by), *moved)
    agree(lambda f: lambda by: jvp(lambda k: f(QUERY, k, VALUE, **how), (KEY,), (by,)), moved[1])
    agree(lambda f: jacfwd(lambda k: f(QUERY, k, VALUE, **how)), KEY)
    agree(lambda f: jacrev(lambda q: f(q, KEY, VALUE, **how)), QUERY)
    agree(lambda f: hessian(lambda q: loss(f, how)(q, KEY, VALUE)), QUERY)
    agree(lambda f: jacrev(jacfwd(lambda v: loss(f, how)(QUERY, KEY, v).sqrt())), VALUE)


@EACH
def test_gradients_in_a_batch(how):
    """PyTorch's vectorised Jacobian maps over the gradients that arrive, and over nothing else."""
    agree(lambda f: lambda q: jacobian(lambda q: f(q, KEY, VALUE, **how), q, vectorize=True), QUERY)


@pytest.mark.parametrize("is_causal", [False, True])
def test_a_map_over_anything_is_a_batch(is_causal):
    """Over all inputs, over one, over the mask, along any axis, within another map."""
    options = {"is_causal": is_causal}
    agree(lambda f: vmap(partial(f, **options)), QUERY, KEY, VALUE, MASK)
    agree(lambda f: vmap(lambda q: f(q, KEY, VALUE, MASK, **options)), torch.stack([QUERY, -QUERY]))
    agree(lambda f: vmap(lambda m: f(QUERY, KEY, VALUE, m, **options)), MASK)
    agree(
        lambda f: vmap(lambda v: f(QUERY, KEY, v, **options), in_dims=2, out_dims=1),
        torch.stack([VALUE, VALUE.sin(), 2 * VALUE], dim=2),
    )
    twice = (torch.stack([x, x.cos()]) for x in (QUERY, KEY, VALUE))
    agree(lambda f: vmap(vmap(partial(f, **options))), *twice)


@pytest.mark.parametrize("is_causal", [False, True])
def test_a_gradient_for_each_example(is_causal):
    """`vmap` of `grad`, with weights that all examples share, and with masks that differ."""

    def of(f):
        def one(w, q, m):
            return f(q * w, KEY[0], VALUE[0], m, is_causal=is_causal).square().sum()

        return vmap(grad(one), in_dims=(None, 0, 0))

    agree(of, torch.tensor(0.7, dtype=torch.float64), QUERY, MASK)


def test_queries_before_the_first_key_are_told_nothing():
    """More queries than keys: the first rows' derivatives are zero, the second ones', too."""
    how = {"is_causal": True}
    agree(lambda f: hessian(lambda k: loss(f, how)(QUERY, k, VALUE[:, :3])), KEY[:, :3])
