"""One layer of attention for tasks about order, and six answers to where its positions enter."""

import torch
from torch import Tensor, nn

from attention.data.order import N_SYMBOLS, copied_from, steps_back
from attention.models.judging import best
from attention.models.training import trained
from attention.multi_head.heads import merge_heads, split_heads
from attention.positions.alibi import alibi_bias
from attention.positions.relative_bias import RelativeBias
from attention.positions.rotary import rotate
from attention.positions.sinusoidal import sinusoidal
from attention.scoring.fast import fast_attention

D_MODEL, N_HEADS = 32, 4
LENGTH = 16  # of the sequences in training
MAX_LEN = 4 * LENGTH  # of those in the test


class NoPositions(nn.Module):
    """The three places at which positions can enter, all of them left as they are."""

    def add(self, x: Tensor) -> Tensor:
        """Change the tokens' vectors (batch, length, d_model)."""
        return x

    def turn(self, x: Tensor) -> Tensor:
        """Change queries or keys (batch, n_heads, length, head_dim)."""
        return x

    def bias(self, length: int, device: torch.device) -> Tensor | None:
        """Return what is added to the scores, (n_heads, length, length), or None."""
        return None


class Sinusoidal(NoPositions):
    def add(self, x):
        return x + sinusoidal(x.shape[1], D_MODEL, device=x.device)


class Learned(NoPositions):
    """A vector for each place, those beyond the training's length included but never trained."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(MAX_LEN, D_MODEL)

    def add(self, x):
        return x + self.table.weight[: x.shape[1]]


class T5(NoPositions):
    """T5's bias, with all distances from LENGTH on in one bucket, so that training reaches each."""

    def __init__(self):
        super().__init__()
        self.table = RelativeBias(N_HEADS, n_buckets=8, max_distance=LENGTH, is_causal=True)

    def bias(self, length, device):
        return self.table(length, length)


class RoPE(NoPositions):
    def turn(self, x):
        return rotate(x, torch.arange(x.shape[-2], device=x.device))


class ALiBi(NoPositions):
    def bias(self, length, device):
        return alibi_bias(N_HEADS, length, length, device=device)


POSITIONS = {
    "none": NoPositions,
    "sinusoidal": Sinusoidal,
    "learned": Learned,
    "T5": T5,
    "RoPE": RoPE,
    "ALiBi": ALiBi,
}


class OrderModel(nn.Module):
    """Embed symbols, let them attend once, add, and read an answer off each place.

    Args:
        positions: a name in `POSITIONS`.
        is_causal: whether each place sees only itself and the places before.
    """

    def __init__(self, positions: str, is_causal: bool = True):
        super().__init__()
        self.positions, self.is_causal = POSITIONS[positions](), is_causal
        self.symbol = nn.Embedding(N_SYMBOLS + 1, D_MODEL)
        self.to_query = nn.Linear(D_MODEL, D_MODEL)
        self.to_key = nn.Linear(D_MODEL, D_MODEL)
        self.to_value = nn.Linear(D_MODEL, D_MODEL)
        self.to_output = nn.Linear(D_MODEL, D_MODEL)
        self.read = nn.Linear(D_MODEL, N_SYMBOLS)

    def heads(self, symbols: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return x (batch, length, D_MODEL), and each head's query, key and value, not yet turned.

        The three are (batch, N_HEADS, length, head_dim).
        """
        x = self.positions.add(self.symbol(symbols))
        maps = (self.to_query, self.to_key, self.to_value)
        return x, *(split_heads(to(x), N_HEADS) for to in maps)

    def forward(self, symbols: Tensor) -> Tensor:
        """Score, at each place of symbols (batch, length), every symbol as the answer.

        Returns:
            (batch, length, N_SYMBOLS).
        """
        x, query, key, value = self.heads(symbols)
        query, key = self.positions.turn(query), self.positions.turn(key)
        bias = self.positions.bias(symbols.shape[1], x.device)
        found = fast_attention(query, key, value, bias, is_causal=self.is_causal)
        return self.read(x + self.to_output(merge_heads(found)))


def train_order(positions: str, task, seed: int, steps: int = 200) -> OrderModel:
    """Train a causal model on 16 sequences a step, for a fixed number of steps.

    Args:
        task: `steps_back` or `latest_signal`.
    """
    return trained(
        lambda: OrderModel(positions), lambda dice: task(16, LENGTH, dice), steps, seed=seed
    )


@torch.no_grad()
def accuracy_by_place(model: OrderModel, task, seed: int = 10_000) -> Tensor:
    """Measure the share of right answers at each place of sequences four times as long.

    A causal model's answer at a place does not depend on what follows, so the first LENGTH
    places also tell how it does at the length it was trained on.

    Returns:
        (MAX_LEN,) shares; NaN where nothing is asked.
    """
    symbols, target = task(200, MAX_LEN, torch.Generator().manual_seed(seed))
    right = (best(model(symbols)) == target).float()
    return right.where(target >= 0, torch.nan).nanmean(0)


@torch.no_grad()
def copied_with_queries_at(query_at: Tensor, model: OrderModel) -> Tensor:
    """Let a RoPE model's queries stand at other positions than its keys: what does it name?

    Args:
        query_at: (LENGTH,) where each query is said to stand; its key stays where it is.
        model: one that turns by `rotate`.

    Returns:
        (7,) how often it names the symbol 0, 1, … 6 places back.
    """
    symbols, _ = steps_back(200, LENGTH, torch.Generator().manual_seed(5))
    x, query, key, value = model.heads(symbols)
    key = rotate(key, torch.arange(LENGTH, device=key.device))
    query = rotate(query, query_at.to(query.device))
    found = fast_attention(query, key, value, is_causal=True)
    answer = best(model.read(x + model.to_output(merge_heads(found))))
    return copied_from(answer, symbols, farthest=6)
