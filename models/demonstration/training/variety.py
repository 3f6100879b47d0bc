"""More wordings than anybody writes down: other words for the same, a frame around it, a word less. Training only."""

import re
from functools import cache
from pathlib import Path
from random import Random

from training.phrases import expand, read_sections

FOLDER = Path(__file__).parent
EXCHANGED, FRAMED, SHORTENED = 0.45, 0.25, 0.08


@cache
def synonyms() -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    """A pattern that finds what has other words in synonyms.txt, the longest first, and these words."""
    others: dict[str, tuple[str, ...]] = {}
    for line in (FOLDER / "synonyms.txt").read_text().splitlines():
        if line and not line.startswith(";"):
            word, _, choices = line.partition(" = ")
            others[word] = tuple(choices.split("|"))
    longest_first = sorted(others, key=lambda word: (-len(word), word))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"), others


@cache
def frames() -> tuple[str, ...]:
    return read_sections(FOLDER / "frames.txt")[0].training


def exchanged(phrase: str, random: Random) -> str:
    """The phrase with about half of the words that have others exchanged for them."""
    pattern, others = synonyms()
    return pattern.sub(lambda match: random.choice((match[0], *random.sample(others[match[0]], 1))), phrase)


def shortened(phrase: str, random: Random) -> str:
    """The phrase without one of its words, if enough of them are left to guess what was meant."""
    words = phrase.split()
    if len(words) < 6:
        return phrase
    del words[random.randrange(len(words))]
    return " ".join(words)


def varied(phrase: str, random: Random) -> str:
    """Say it in another way, or leave it as it is."""
    if random.random() < EXCHANGED:
        phrase = exchanged(phrase, random)
    if random.random() < SHORTENED:
        phrase = shortened(phrase, random)
    if random.random() < FRAMED:
        phrase = expand(random.choice(frames()), random).replace("$", phrase)
    return phrase
