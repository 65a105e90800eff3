"""Dates as people write them, and as ISO 8601 does: synthetic, one day in six styles.

Which letters say the year is known, so that it can be checked where a translator looks. Nothing
tells a day of training from a fresh one but the day itself: every tenth is kept for tests.
"""

from datetime import date
from string import Formatter

import torch
from torch import Tensor

from attention.data.dice import by
from attention.data.tokens import EDGE, padded
from attention.encoder_decoder.next_token import shift_right

STYLES = (
    "{weekday}, {day} {month} {year}",  # tuesday, 3 march 1987
    "{month} {day}, {year}",  # march 3, 1987
    "{day} {mon} {yy}",  # 3 mar 87
    "{mon} {day}, {yy}",  # mar 3, 87
    "{day}.{m}.{year}",  # 3.3.1987: the day first
    "{weekday}, {mon} {day} {year}",  # tuesday, mar 3 1987
)
MONTHS = "january february march april may june july august september october november december"
WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday"
PART = {"mon": "month", "m": "month", "yy": "year"}

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 ,."
DIGITS = "0123456789-"
N_LETTERS, N_DIGITS = 1 + len(LETTERS), 1 + len(DIGITS)  # number 0 is EDGE

# A century in which two digits name the year.
FIRST, LAST = date(1950, 1, 1).toordinal(), date(2049, 12, 31).toordinal()


def written(day: date, style: str) -> list[tuple[str, str]]:
    """Write a date as people do, in pieces: [("tuesday", "weekday"), (", ", "between"), …].

    Args:
        day: from 1950 to 2049.
        style: one of STYLES.

    Returns:
        Each piece of text with the part of the date that it says.
    """
    month = MONTHS.split()[day.month - 1]
    said = {
        "weekday": WEEKDAYS.split()[day.weekday()],
        "day": str(day.day),
        "month": month,
        "mon": month[:3],
        "m": str(day.month),
        "year": str(day.year),
        "yy": f"{day.year % 100:02d}",
    }
    pieces = []
    for between, field, _, _ in Formatter().parse(style):
        pieces += [(between, "between")] if between else []
        pieces += [(said[field], PART.get(field, field))] if field else []
    return pieces


def text_of(pieces: list[tuple[str, str]]) -> str:
    """Join the pieces of `written`."""
    return "".join(text for text, _ in pieces)


def parts_of(pieces: list[tuple[str, str]]) -> list[str]:
    """Say for each letter of `text_of` which part of the date it belongs to."""
    return [part for text, part in pieces for _ in text]


def letters(texts: list[str]) -> tuple[Tensor, Tensor]:
    """Turn texts into (batch, longest) letter numbers and their lengths (batch,)."""
    return padded([[1 + LETTERS.index(letter) for letter in text] for text in texts])


def digits(isos: list[str]) -> Tensor:
    """Turn ISO dates into (batch, 10) numbers."""
    return padded([[1 + DIGITS.index(letter) for letter in iso] for iso in isos])[0]


def iso_of(numbers: Tensor) -> str:
    """Turn (10,) numbers back into an ISO date; EDGE, which a model may write, into "?"."""
    return "".join("?" if n == EDGE else DIGITS[n - 1] for n in numbers.tolist())


def training_dates(batch_size: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Draw dates to learn from: any day but every tenth, in any style.

    Returns:
        source: (batch_size, src_len) letter numbers, EDGE after the end.
        lengths: (batch_size,) how many are real.
        previous: (batch_size, 10) what stands before each digit of the target.
        target: (batch_size, 10) the ISO date.
    """
    return _batch(drawn(batch_size, generator, fresh=False))


def fresh_dates(batch_size: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Draw dates that `training_dates` never does: every tenth day, in any style."""
    return _batch(drawn(batch_size, generator, fresh=True))


def drawn(
    batch_size: int, generator: torch.Generator, *, fresh: bool
) -> list[tuple[date, list[tuple[str, str]]]]:
    """Draw days, each with its pieces in a style drawn as well."""
    tenth = torch.randint((LAST - FIRST) // 10, (batch_size,), **by(generator))
    digit = torch.randint(1, 10, (batch_size,), **by(generator))
    style = torch.randint(len(STYLES), (batch_size,), **by(generator))
    ordinals = FIRST + 10 * tenth + (0 if fresh else digit)
    days = [date.fromordinal(ordinal) for ordinal in ordinals.tolist()]
    return [(day, written(day, STYLES[s])) for day, s in zip(days, style.tolist(), strict=True)]


def _batch(dates) -> tuple[Tensor, ...]:
    source, lengths = letters([text_of(pieces) for _, pieces in dates])
    target = digits([day.isoformat() for day, _ in dates])
    return source, lengths, shift_right(target, EDGE), target
