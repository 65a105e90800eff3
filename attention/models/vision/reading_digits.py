"""Train three kinds of models to read the digits, alike enough to be compared."""

from collections.abc import Callable

import torch
from torch import nn

from attention.data.digits import N_CLASSES, SIDE, Part, batches
from attention.models.judging import best, share
from attention.models.training import trained, warmup_cosine
from attention.models.vision.digit_cnn import DigitCNN
from attention.models.vision.vit import BagOfPatches, VisionTransformer

PATCH = 2  # pixels: 16 patches an image
SIZES = {"d_model": 48, "n_heads": 4, "n_layers": 3, "d_ff": 96, "dropout": 0.2}
STEPS, BATCH = 350, 32


def new_vit() -> VisionTransformer:
    """Build an untrained Vision Transformer for the digits."""
    return VisionTransformer(SIDE, PATCH, N_CLASSES, **SIZES)


def new_bag() -> BagOfPatches:
    """Build the same without positions."""
    return BagOfPatches(SIDE, PATCH, N_CLASSES, **SIZES)


def new_cnn() -> DigitCNN:
    """Build an untrained convolutional network with as many parameters, to one in a hundred."""
    return DigitCNN(SIDE, N_CLASSES, (46, 128))


def practise(
    build: Callable[[], nn.Module], part: Part, seed: int, steps: int = STEPS
) -> nn.Module:
    """Build a model and train it on some digits; each model gets the same batches.

    Args:
        build: `new_vit`, `new_bag` or `new_cnn`.
        part: the images to train on.
        seed: of the first weights and of the batches.
        steps: batches of 32 images.
    """
    return trained(
        build,
        batches(part, BATCH),
        steps,
        lr=3e-3,
        schedule=warmup_cosine,
        weight_decay=0.05,
        seed=seed,
    )


def logistic_regression(part: Part, strength: float = 10.0) -> nn.Module:
    """Fit the baseline: a score for each digit, one weight for each pixel, no layer between.

    Args:
        strength: the larger, the larger the weights may grow; scikit-learn's C.
    """
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=strength, max_iter=2000)
    fitted.fit(part.images.flatten(1).numpy(force=True), part.labels.numpy(force=True))
    model = nn.Sequential(nn.Flatten(), nn.Linear(SIDE**2, N_CLASSES)).requires_grad_(False)
    model[1].weight.copy_(torch.tensor(fitted.coef_, dtype=torch.float32))
    model[1].bias.copy_(torch.tensor(fitted.intercept_, dtype=torch.float32))
    return model.eval()


@torch.no_grad()
def share_right(model: nn.Module, part: Part) -> float:
    """Measure the share of images that a trained model calls by their names."""
    return share(best(model(part.images)) == part.labels)
