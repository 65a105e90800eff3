"""Known answers to the exercises of language_model: what people really write, right and wrong."""

import torch
from torch import nn

from grading.known import mistake, right_answer


class _Norm(nn.Module):
    """What all have in common; each says how the numbers are divided."""

    def __init__(self, d_model, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(d_model))

    def forward(self, x):
        numbers = x.float() if x.dtype.itemsize < 4 else x
        return self.weight * self.divided(numbers).to(x.dtype)

    def divided(self, x):
        return x / (x.square().mean(-1, keepdim=True) + self.eps).sqrt()


@mistake("RMSNorm", caught_by="test_norm_registers_its_weight")
class PlainTensorForTheWeight(_Norm):
    """Keeps a tensor that no optimiser finds."""

    def __init__(self, d_model, eps=1e-5):
        nn.Module.__init__(self)
        self.eps, self.weight = eps, torch.ones(d_model)


@mistake("RMSNorm", caught_by="test_norm_registers_its_weight")
class AShiftBesides(_Norm):
    """Has a bias, as LayerNorm."""

    def __init__(self, d_model, eps=1e-5):
        super().__init__(d_model, eps)
        self.bias = nn.Parameter(torch.zeros(d_model))


@mistake("RMSNorm", caught_by="test_norm_registers_its_weight")
class WeightOfZeros(_Norm):
    """Starts with zeros, as a shift would."""

    def __init__(self, d_model, eps=1e-5):
        super().__init__(d_model, eps)
        nn.init.zeros_(self.weight)


@mistake("RMSNorm", caught_by="test_norm_leaves_its_input_alone")
class DividesInPlace(_Norm):
    """Writes into x."""

    def divided(self, x):
        x /= (x.square().mean(-1, keepdim=True) + self.eps).sqrt()
        return x


@mistake("RMSNorm", caught_by="test_norm_takes_each_token_by_itself")
class MeanOfAll(_Norm):
    """Takes one mean of the whole batch."""

    def divided(self, x):
        return x / (x.square().mean() + self.eps).sqrt()


@mistake("RMSNorm", caught_by="test_norm_takes_each_token_by_itself")
class MeanOverTheTokens(_Norm):
    """Takes the mean over the length."""

    def divided(self, x):
        return x / (x.square().mean(1, keepdim=True) + self.eps).sqrt()


@mistake("RMSNorm", caught_by="test_norm_takes_each_token_by_itself")
class MeanOverTheBatch(_Norm):
    """Takes the mean over the first axis, as batch norm does."""

    def divided(self, x):
        return x / (x.square().mean(0, keepdim=True) + self.eps).sqrt()


@mistake("RMSNorm", caught_by="test_norm_loses_the_length")
class NoRoot(_Norm):
    """Divides by the mean of the squares."""

    def divided(self, x):
        return x / (x.square().mean(-1, keepdim=True) + self.eps)


@mistake("RMSNorm", caught_by="test_norm_loses_the_length")
class OnlyWeighs(_Norm):
    """Forgets to divide."""

    def divided(self, x):
        return x


@mistake("RMSNorm", caught_by="test_norm_keeps_the_mean")
class TakesTheMeanOff(_Norm):
    """Is LayerNorm without its shift."""

    def divided(self, x):
        x = x - x.mean(-1, keepdim=True)
        return super().divided(x)


@mistake("RMSNorm", caught_by="test_norm_brings_the_mean_square_to_one")
class DividesByTheLength(_Norm):
    """Takes the sum of the squares: the vector's length becomes one."""

    def divided(self, x):
        return x / (x.square().sum(-1, keepdim=True) + self.eps).sqrt()


@mistake("RMSNorm", caught_by="test_norm_brings_the_mean_square_to_one")
class MeanOfTheAmounts(_Norm):
    """Takes the mean of |x|."""

    def divided(self, x):
        return x / (x.abs().mean(-1, keepdim=True) + self.eps)


@mistake("RMSNorm", caught_by="test_norm_brings_the_mean_square_to_one")
class DividesByTheSpread(_Norm):
    """Divides by the standard deviation, as LayerNorm does."""

    def divided(self, x):
        return x / (x.var(-1, keepdim=True, correction=0) + self.eps).sqrt()


@mistake("RMSNorm", caught_by="test_norm_leaves_zeros_zero")
class WithoutEps(_Norm):
    """Divides zeros by zero."""

    def divided(self, x):
        return x / x.square().mean(-1, keepdim=True).sqrt()


@mistake("RMSNorm", caught_by="test_norm_adds_eps_under_the_root")
class EpsBesideTheRoot(_Norm):
    """Adds ε after the root."""

    def divided(self, x):
        return x / (x.square().mean(-1, keepdim=True).sqrt() + self.eps)


@mistake("RMSNorm", caught_by="test_norm_adds_eps_under_the_root")
class EpsOfItsOwn(_Norm):
    """Does not ask the caller."""

    def divided(self, x):
        return x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt()


@mistake("RMSNorm", caught_by="test_norm_weighs_each_number")
class WeightOutOfTheGame(_Norm):
    """Keeps a weight, and does not use it."""

    def forward(self, x):
        return self.divided(x.float()).to(x.dtype) + 0 * self.weight


@mistake("RMSNorm", caught_by="test_norm_works_in_half_precision")
class SquaresInHalf(_Norm):
    """Squares in the dtype that came."""

    def forward(self, x):
        return self.weight * self.divided(x)


@mistake("RMSNorm", caught_by="test_norm_works_in_half_precision")
class AnswersInFloat32(_Norm):
    """Squares in float32 and stays there."""

    def forward(self, x):
        return self.weight.float() * self.divided(x.float())


@mistake("RMSNorm", caught_by="test_norm_learns")
class ScaleWithoutAGradient(_Norm):
    """Takes what it divides by for a constant."""

    def divided(self, x):
        return x / (x.square().mean(-1, keepdim=True) + self.eps).sqrt().detach()


@right_answer("RMSNorm")
class ByRsqrt(_Norm):
    """Multiplies by one over the root."""

    def divided(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)


@right_answer("RMSNorm")
class ByTheNorm(_Norm):
    """Has the vector's length from the library: length² / d is the mean square."""

    def divided(self, x):
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        return x / torch.sqrt(length**2 / x.shape[-1] + self.eps)


@right_answer("RMSNorm")
class ByEinsum(_Norm):
    """Sums the squares by name."""

    def divided(self, x):
        mean = torch.einsum("...d,...d->...", x, x) / x.shape[-1]
        return x * (mean + self.eps).pow(-0.5)[..., None]


@right_answer("RMSNorm")
class AlwaysInFloat32(nn.Module):
    """Widens at the start, and goes back at the end."""

    def __init__(self, d_model, eps=1e-5):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(d_model)), eps

    def forward(self, x):
        wide = x.to(torch.float32)
        return (wide / (wide**2).mean(dim=-1, keepdim=True).add(self.eps).sqrt()).type_as(
            x
        ) * self.weight
