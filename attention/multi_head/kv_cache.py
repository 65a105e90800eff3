"""A model that writes word by word keeps the keys and values of the words it has read."""

import torch
from torch import Tensor

from attention.shapes import check_tensor, same_kind


class KVCache:
    """The keys and values of all tokens so far, in room that is set aside once.

    A key depends on its own token and on the ones before, none of which change any more. So what
    was computed for them is kept, and each new token costs one query instead of a whole sequence.
    It is for writing, not for training: what is kept carries no gradient.

    Args:
        batch: sequences side by side.
        n_kv_heads: key and value heads.
        max_len: the most tokens that it will hold.
        head_dim: numbers in one key, and in one value.
        dtype, device: of the keys and values to come.

    Raises:
        ValueError: a size is negative.
    """

    def __init__(
        self,
        batch: int,
        n_kv_heads: int,
        max_len: int,
        head_dim: int,
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | None = None,
    ):
        room = (batch, n_kv_heads, max_len, head_dim)
        if min(room) < 0:
            raise ValueError(
                "a cache's sizes (batch, n_kv_heads, max_len, head_dim) must not be negative, "
                f"got {room}"
            )
        with torch.inference_mode(False):  # what is made in that mode can be filled nowhere else
            self.keys = torch.empty(room, dtype=dtype, device=device)
            self.values = torch.empty(room, dtype=dtype, device=device)
        self.length = 0

    @property
    def bytes_per_token(self) -> int:
        """The memory that one more token takes, over the whole batch."""
        batch, n_kv_heads, _, head_dim = self.keys.shape
        return 2 * batch * n_kv_heads * head_dim * self.keys.element_size()

    def append(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Add the newest tokens' keys and values, and return those of all tokens so far.

        Args:
            key, value: (batch, n_kv_heads, new, head_dim), of the cache's dtype and device; under
                autocast, which mends dtypes, of any that it does.

        Returns:
            (keys, values), both (batch, n_kv_heads, length, head_dim): views of the cache, to be
            read and not written to.

        Raises:
            ValueError: another batch, number of heads, width, dtype or device, or no room left.
                The cache stays as it was.
            TypeError: key or value does not hold floating-point numbers.
        """
        check_tensor("key", key, axes=4)
        check_tensor("value", value, axes=4)
        new_len = key.shape[-2]
        self._check("key", key, new_len)
        self._check("value", value, new_len)
        end = self.length + new_len
        if end > self.keys.shape[-2]:
            raise ValueError(
                f"the cache holds at most max_len = {self.keys.shape[-2]} tokens, "
                f"got {new_len} new ones after {self.length}"
            )
        self.keys[:, :, self.length : end] = key.detach()
        self.values[:, :, self.length : end] = value.detach()
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def _check(self, name: str, new: Tensor, new_len: int) -> None:
        batch, n_kv_heads, _, head_dim = self.keys.shape
        wanted = (batch, n_kv_heads, new_len, head_dim)
        if tuple(new.shape) != wanted:
            raise ValueError(
                f"{name} must have shape (batch, n_kv_heads, new, head_dim) = {wanted} for this "
                f"cache, got {tuple(new.shape)}"
            )
        if not same_kind(new, self.keys):
            raise ValueError(
                f"{name} must have the cache's dtype and device, {self.keys.dtype} on "
                f"{self.keys.device}, got {new.dtype} on {new.device}"
            )
