"""A small convolutional network: the classical reader of images, to compare with."""

from torch import Tensor, nn


class DigitCNN(nn.Module):
    """Two layers of 3 × 3 filters, each followed by pooling, and a linear map to the classes.

    A filter sees the pixels around each pixel and nothing else, and is the same everywhere. So it
    is built in that near pixels belong together, and that a stroke is a stroke wherever it is.

    Args:
        side: height and width of the images, a multiple of 4.
        n_classes: how many names there are.
        channels: how many filters each of the two layers has.

    Raises:
        ValueError: side is not a multiple of 4.

    Source: LeCun et al. (1998), Gradient-Based Learning Applied to Document Recognition, section 2.
    """

    def __init__(self, side: int, n_classes: int, channels: tuple[int, int]):
        super().__init__()
        if side < 4 or side % 4:
            raise ValueError(f"side must be a multiple of 4, got {side}: it is halved twice")
        self.side = side
        first, second = channels
        self.layers = nn.Sequential(
            nn.Conv2d(1, first, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(second * (side // 4) ** 2, n_classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Score every class as the name of each image.

        Args:
            images: (batch, side, side).

        Returns:
            (batch, n_classes).

        Raises:
            ValueError: the images have another size than the model was built for.
        """
        if images.ndim != 3 or images.shape[1:] != (self.side, self.side):
            raise ValueError(
                f"images must have shape (batch, {self.side}, {self.side}), the size that this "
                f"model's last map is for, got {tuple(images.shape)}; resize or cut them first"
            )
        return self.layers(images.unsqueeze(1))
