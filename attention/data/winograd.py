"""Pairs of sentences that differ in one word, and with it in what their pronoun stands for.

`PAIRS` follow the rules of Levesque, Davis and Morgenstern (2012), The Winograd Schema Challenge.
The first is theirs with other words, the second was made famous by the Transformer's announcement
(Uszkoreit 2017), and some of the others are adapted from the published collection of such pairs;
`EASY` was written for the book. Nouns and pronouns are single tokens for
MiniLM.
"""

from typing import NamedTuple


class Pair(NamedTuple):
    """With the first ending the pronoun stands for the first noun, with the second for the second.

    Where no pronoun is given, the ending is the pronoun.
    """

    text: str
    pronoun: str
    endings: tuple[str, str]
    nouns: tuple[str, str]

    def sentences(self) -> tuple[str, str]:
        return tuple(self.text.format(ending) for ending in self.endings)

    def pronouns(self) -> tuple[str, str]:
        return tuple(self.pronoun or ending for ending in self.endings)


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

# Here the pronoun itself decides: one noun is a man, the other a woman.
EASY = (
    Pair(
        "The king wrote to the queen because {} was ill.",
        "", ("he", "she"), ("king", "queen"),
    ),
    Pair("The woman saw the man when {} came home.", "", ("she", "he"), ("woman", "man")),
    Pair("The boy called the girl before {} left.", "", ("he", "she"), ("boy", "girl")),
    Pair(
        "The mother met the father while {} was in town.",
        "", ("she", "he"), ("mother", "father"),
    ),
    Pair(
        "The brother helped the sister until {} was tired.",
        "", ("he", "she"), ("brother", "sister"),
    ),
    Pair("The aunt laughed at the uncle after {} fell.", "", ("she", "he"), ("aunt", "uncle")),
    Pair(
        "The husband left the wife although {} was old.",
        "", ("he", "she"), ("husband", "wife"),
    ),
    Pair(
        "The daughter thanked the son as {} went away.",
        "", ("she", "he"), ("daughter", "son"),
    ),
    Pair(
        "The actor knew the actress before {} was famous.",
        "", ("he", "she"), ("actor", "actress"),
    ),
    Pair(
        "The princess sang to the prince when {} was alone.",
        "", ("she", "he"), ("princess", "prince"),
    ),
    Pair(
        "The grandfather drove the grandmother because {} was late.",
        "", ("he", "she"), ("grandfather", "grandmother"),
    ),
    Pair(
        "The lady warned the gentleman that {} was in danger.",
        "", ("she", "he"), ("lady", "gentleman"),
    ),
)  # fmt: skip
