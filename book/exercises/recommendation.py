"""Exercise of the chapter "What next?". Replace the `raise` with your code; save; grade.

make grade EXERCISE=training_pairs
"""

import torch


def training_pairs(session):
    """Make training examples of one session.

    Args:
        session: (length,) whole numbers, the items in the order in which they were looked at; at
            least two.

    Returns:
        (inputs, targets), a pair of tensors (length − 1,): having read inputs up to and including
        place t, the model is to name targets[t].
    """
    raise NotImplementedError
