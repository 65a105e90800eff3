"""The tokens that Whisper writes, and what it is told with special ones."""

from typing import NamedTuple

from torch import Tensor

SPOKEN = "transcribe"  # the task: to write down, where the other would be to translate
MULTILINGUAL = 51_865  # tokens; a model of English alone has fewer


class Vocabulary(NamedTuple):
    """A tokenizer, the tokens that begin and end every text, and those that are never written."""

    tokenizer: object  # a tokenizers.Tokenizer
    start: tuple[int, ...]  # what stands before the first word, and says what is to be done
    end: int
    never: tuple[int, ...] = ()  # brackets, notes and the like, which stand in subtitles
    never_first: tuple[int, ...] = ()  # what may not come right after the start: a space, the end

    def encode(self, text: str) -> list[int]:
        """Split a text into tokens, without special ones."""
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, tokens: list[int] | Tensor) -> str:
        """Join tokens to a text, without special ones."""
        return self.tokenizer.decode([int(token) for token in tokens])

    def pieces(self, tokens: list[int] | Tensor) -> list[str]:
        """The text of each token alone, special ones by their name."""
        return [self.tokenizer.decode([int(token)], skip_special_tokens=False) for token in tokens]


def vocabulary(tokenizer, vocab_size: int, never=(), never_first=(), language="en") -> Vocabulary:
    """Find a Whisper's special tokens by their names.

    Args:
        tokenizer: a tokenizers.Tokenizer.
        vocab_size: the model's; it tells whether the model is told a language and a task.
        never, never_first: token ids.
        language: of the recording, as "en" or "de", where the model knows more than one.

    Raises:
        ValueError: the tokenizer lacks one of the special tokens.
    """

    def special(name):
        found = tokenizer.token_to_id(f"<|{name}|>")
        if found is None:
            raise ValueError(f"the tokenizer has no token <|{name}|>, so it is not a Whisper's")
        return found

    told = [language, SPOKEN] if vocab_size >= MULTILINGUAL else []
    names = ["startoftranscript", *told, "notimestamps"]
    start = tuple(special(name) for name in names)
    return Vocabulary(tokenizer, start, special("endoftext"), tuple(never), tuple(never_first))
