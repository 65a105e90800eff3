"""Pairs of sentences that differ in one word, and with it in what their pronoun stands for.

They follow the rules of Levesque, Davis and Morgenstern (2012), The Winograd Schema Challenge. The
first is theirs, the second was made famous by the Transformer's announcement (Uszkoreit 2017), and
the others were written for the book. Nouns and pronouns are one token each for MiniLM.
"""

from typing import NamedTuple


class Pair(NamedTuple):
    """`text` with the first of `endings` speaks of the first candidate, with the second of the
    second."""

    text: str
    pronoun: str
    endings: tuple[str, str]
    candidates: tuple[str, str]

    def sentences(self) -> tuple[str, str]:
        return tuple(self.text.format(ending) for ending in self.endings)


PAIRS = (
    Pair(
        "The trophy would not fit in the suitcase because it was too {}.",
        "it", ("large", "small"), ("trophy", "suitcase"),
    ),
    Pair(
        "The animal did not cross the street because it was too {}.",
        "it", ("tired", "wide"), ("animal", "street"),
    ),
    Pair(
        "The ball broke the window because it was so {}.",
        "it", ("heavy", "thin"), ("ball", "window"),
    ),
    Pair(
        "The man could not lift the boy because he was so {}.",
        "he", ("weak", "heavy"), ("man", "boy"),
    ),
    Pair(
        "The truck passed the bus because it was going so {}.",
        "it", ("fast", "slowly"), ("truck", "bus"),
    ),
    Pair(
        "We moved the apples from the box to the basket until it was {}.",
        "it", ("empty", "full"), ("box", "basket"),
    ),
    Pair(
        "The nurse thanked the lady because she had {} help.",
        "she", ("received", "given"), ("nurse", "lady"),
    ),
    Pair(
        "The wolf followed the sheep because it was {}.",
        "it", ("hungry", "lost"), ("wolf", "sheep"),
    ),
    Pair(
        "The knife cut the bread because it was so {}.",
        "it", ("sharp", "soft"), ("knife", "bread"),
    ),
    Pair(
        "The wall hid the house because it was so {}.",
        "it", ("tall", "small"), ("wall", "house"),
    ),
    Pair(
        "The lion caught the horse because it was so {}.",
        "it", ("quick", "slow"), ("lion", "horse"),
    ),
    Pair(
        "The mother carried her daughter because she was so {}.",
        "she", ("strong", "tired"), ("mother", "daughter"),
    ),
)  # fmt: skip
