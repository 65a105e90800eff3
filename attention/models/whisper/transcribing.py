"""Writing down what is said: listen once, then choose the best token again and again."""

from pathlib import Path

import torch
from torch import Tensor

from attention.data.sound import load_sound, resample
from attention.models.whisper.model import Whisper
from attention.models.whisper.pretrained import load_whisper
from attention.models.whisper.vocabulary import Vocabulary
from attention.shapes import check_tensor
from attention.tokens.whisper_frames import RATE, SECONDS, whisper_frames

LOOK_BACK = 10  # seconds before the end of a part, among which the quietest moment is looked for
MOMENT = RATE // 5  # samples of a moment


def transcribe(
    sound: Path | str | Tensor,
    rate: int = RATE,
    *,
    whisper: tuple[Whisper, Vocabulary] | None = None,
) -> str:
    """Write down what is said in a recording.

    A recording longer than 30 seconds is cut at quiet moments, and each part is heard by itself.

    Args:
        sound: a WAV file as `load_sound` reads it, or samples (samples,), floating point from −1
            to 1.
        rate: samples a second, if samples are given; a file says so itself.
        whisper: what `load_whisper` returned, which is called if it is not given.

    Returns:
        The text. Of a recording in which nobody speaks, it is a guess.

    Raises:
        FileNotFoundError: there is no such file, or the model cannot be had.
        ValueError: the file is refused by `load_sound`; samples are empty, of several channels,
            or not finite; the rate is not positive.
        TypeError: samples are not floating point.
    """
    if isinstance(sound, str | Path):
        wave = load_sound(sound, RATE)
    else:
        check_tensor("sound", sound, axes=1)
        if sound.ndim != 1 or len(sound) == 0 or rate < 1:
            raise ValueError(
                "sound must have shape (samples,), at least one, at a rate of at least 1 a second; "
                f"got {tuple(sound.shape)} at {rate}. The mean over channels makes one of several"
            )
        wave = resample(sound, rate, RATE)
    model, vocabulary = whisper or load_whisper()
    n_mels = model.encoder.conv1.in_channels
    texts = []
    for part in quiet_parts(wave):
        with torch.no_grad():
            memory = model.encoder(whisper_frames(part, n_mels)[None])
        texts.append(vocabulary.decode(write_down(model, vocabulary, memory)).strip())
    return " ".join(text for text in texts if text)


@torch.no_grad()
def write_down(
    model: Whisper, vocabulary: Vocabulary, memory: Tensor, longest: int | None = None
) -> list[int]:
    """Write token by token, each the best that is allowed, until the end is written.

    The memory's keys and values are computed once, before the first token.

    Args:
        memory: (1, memory_len, d_model), what the encoder has heard.
        longest: the most tokens to write; what the model has positions for, if not given.

    Returns:
        The tokens between the start and the end.
    """
    kept, caches = model.decoder.keep(memory), model.decoder.new_cache()
    written, unread = [], list(vocabulary.start)
    never, room = list(vocabulary.never), len(model.decoder.position.weight) - len(unread)
    while len(written) < min(room, room if longest is None else longest):
        tokens = torch.tensor([unread], device=memory.device)
        scores = model.decoder(tokens, kept, caches)[0, -1]  # (vocab_size,)
        scores[never if written else never + list(vocabulary.never_first)] = -torch.inf
        unread = [int(scores.argmax())]
        if unread[0] == vocabulary.end:
            break
        written += unread
    return written


def quiet_parts(wave: Tensor) -> list[Tensor]:
    """Cut a sound into parts of at most 30 seconds, each cut in the quietest moment near its end.

    Args:
        wave: (samples,) at 16,000 a second.

    Returns:
        The parts, in order; together they are the sound.
    """
    parts, most = [], RATE * SECONDS
    while len(wave) > most:
        late = wave[most - LOOK_BACK * RATE : most]
        loudness = late.unfold(0, MOMENT, MOMENT // 4).square().mean(dim=-1)
        quietest = int(loudness.argmin()) * (MOMENT // 4) + MOMENT // 2
        cut = most - LOOK_BACK * RATE + quietest
        parts.append(wave[:cut])
        wave = wave[cut:]
    return [*parts, wave]
