"""The recall model of `attention.models.toys.recall`, with linear attention in place of softmax."""

from torch import Tensor, nn

from attention.efficiency.linear_attention import linear_attention
from attention.models.toys.recall import D_MODEL, Recall
from attention.self_attention import SelfAttention


class LinearSelfAttention(nn.Module):
    """One head whose queries, keys and values are read off the same sequence, without a softmax.

    Args:
        d_model: the width of each token's vector.
        head_dim: the width of query, key and value; the state holds head_dim² numbers.
    """

    def __init__(self, d_model: int, head_dim: int):
        super().__init__()
        self.to_query = nn.Linear(d_model, head_dim, bias=False)
        self.to_key = nn.Linear(d_model, head_dim, bias=False)
        self.to_value = nn.Linear(d_model, head_dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Let each token of (batch, length, d_model) gather; return (batch, length, head_dim)."""
        return linear_attention(self.to_query(x), self.to_key(x), self.to_value(x))


def linear_recall(head_dim: int) -> Recall:
    """Build the model whose steps are mixed by one head of linear attention."""
    return Recall(LinearSelfAttention(D_MODEL, head_dim), head_dim)


def softmax_recall(head_dim: int) -> Recall:
    """Build the same with a softmax: as many parameters."""
    return Recall(SelfAttention(D_MODEL, head_dim), head_dim)
