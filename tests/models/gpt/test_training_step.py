"""One training step: what it returns, and where it takes the parameters."""

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from attention.models.gpt.model import GPT
from attention.models.gpt.training_step import training_step

TOKENS = torch.tensor([[1, 5, 2, 2, 0], [3, 0, 4, 6, 1]])


def model_and_optimizer(lr=0.1):
    torch.manual_seed(0)
    model = GPT(7, d_model=6, n_heads=2, n_layers=1, max_len=5)
    return model, torch.optim.SGD(model.parameters(), lr=lr)


def test_a_step_goes_down_the_gradient_of_the_next_tokens_loss():
    """The loss is a loop's, and each parameter moves by lr times its gradient, every time."""
    model, optimizer = model_and_optimizer()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)  # left by somebody else
    for _ in range(2):
        parameters = [parameter.detach().clone() for parameter in model.parameters()]
        scores = model(TOKENS)
        loss = torch.stack([
            F.cross_entropy(scores[b, t], TOKENS[b, t + 1]) for b in range(2) for t in range(4)
        ]).mean()  # fmt: skip
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        assert training_step(model, optimizer, TOKENS) == pytest.approx(loss.item())
        for new, old, gradient in zip(model.parameters(), parameters, gradients, strict=True):
            assert_close(new.detach(), old - 0.1 * gradient)


def test_a_short_text_is_learned_by_heart():
    """In forty steps of Adam the loss falls to less than a tenth."""
    model, _ = model_and_optimizer()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = [training_step(model, optimizer, TOKENS) for _ in range(40)]
    assert losses[-1] < losses[0] / 10


def test_one_token_has_no_next():
    with pytest.raises(ValueError, match="at least one next token"):
        training_step(*model_and_optimizer(), TOKENS[:, :1])
