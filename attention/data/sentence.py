"""The book's running example: six tokens on two axes that a reader can check by hand."""

import torch

TOKENS = ("the", "cat", "sat", "on", "the", "mat")

# The two axes are "somebody" and "some place". A trained model has hundreds of axes, learned and
# without names; these two are made up, so that every number can be followed.
VECTORS = torch.tensor(
    [
        [0.0, 0.0],  # the
        [2.0, 0.0],  # cat: somebody
        [1.0, 1.0],  # sat: somebody does it, somewhere
        [0.0, 1.0],  # on: points at a place
        [0.0, 0.0],  # the
        [0.0, 2.0],  # mat: a place
    ],
    dtype=torch.float32,
    device="cpu",  # whatever the default is when this file is first read
)

WHO = VECTORS.new_tensor([[1.0, 0.0]])  # the query "who?", (query_len 1, d 2)
WHERE = VECTORS.new_tensor([[0.0, 1.0]])  # the query "where?"
