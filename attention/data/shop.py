"""Seven things to buy, on two axes that a reader can check by hand, and one session.

All of it is made up. A trained recommender has hundreds of axes, learned from what people do.
"""

import torch

ITEMS = ("tent", "lantern", "sleeping bag", "camp stove", "pan", "knife", "spice rack")

VECTORS = torch.tensor(
    [  # camping, cooking
        [2.0, 0.0],  # tent
        [1.5, 0.0],  # lantern
        [2.0, 0.0],  # sleeping bag
        [1.5, 1.5],  # camp stove: a little of both
        [0.0, 2.0],  # pan
        [0.0, 1.5],  # knife
        [0.0, 2.0],  # spice rack
    ],
    dtype=torch.float32,
    device="cpu",  # whatever the default is when this file is first read
)

# Tent, knife, lantern: what somebody looked at, in order.
SESSION = torch.tensor([0, 5, 1], device="cpu")
