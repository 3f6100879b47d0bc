"""Words to fill sentences with: ordinary ones from words.txt and invented ones. Held-out words never meet training."""

import re
from functools import cache
from pathlib import Path
from random import Random

from training.phrases import SLOT, Split, bucket

FOLDER = Path(__file__).parent
CLOSED_KINDS = ("weekday", "month")
BLENDED = 0.5
ACCENTED = {"a": "áäà", "e": "éèê", "i": "íï", "o": "öóô", "u": "üú", "n": "ñ", "c": "ç"}


@cache
def vocabulary() -> dict[str, tuple[str, ...]]:
    """Every kind of words.txt with its words."""
    kinds: dict[str, tuple[str, ...]] = {}
    kind = ""
    for line in (FOLDER / "words.txt").read_text().splitlines():
        if line.startswith("= "):
            kind = line[2:]
        elif line and not line.startswith(";"):
            kinds[kind] = (*kinds.get(kind, ()), *line.split())
    return kinds


@cache
def words_of(kind: str, split: Split) -> tuple[str, ...]:
    """The words of a kind in one split; weekdays and months are too few to hold any out."""
    words = vocabulary()[kind]
    if kind in CLOSED_KINDS:
        return words
    return tuple(word for word in words if (bucket(word, 7) == 0) == (split is Split.HELD_OUT))


def invented(random: Random, split: Split) -> str:
    """A word that nobody has read before; a tenth of all such words is held out."""
    parts = vocabulary()
    while True:
        count = random.choice((1, 2, 2, 2, 3))
        word = "".join(
            random.choice(parts["onset"]) + random.choice(parts["vowel"]) for _ in range(count)
        ) + random.choice(("", "", "", *parts["coda"]))
        if random.random() < 0.03:
            place = random.randrange(len(word))
            word = word[:place] + random.choice(ACCENTED.get(word[place], word[place])) + word[place + 1 :]
        if 3 <= len(word) <= 11 and (bucket(word, 10) == 0) == (split is Split.HELD_OUT):
            return word


@cache
def _held_out_words() -> frozenset[str]:
    return frozenset(word for kind in vocabulary() for word in words_of(kind, Split.HELD_OUT) if len(word) > 2)


def blended(kind: str, random: Random) -> str:
    """The beginning of one trained word and the end of another: looks like a word of its kind and is none held out."""
    words = words_of(kind, Split.TRAINING)
    while True:
        first, second = random.choice(words), random.choice(words)
        word = first[: random.randint(1, len(first))] + second[random.randint(1, len(second) - 1) :]
        if 3 <= len(word) <= 12 and word not in _held_out_words() and bucket(word, 10) and bucket(word, 7):
            return word


def word_of(kind: str, random: Random, split: Split) -> str:
    """A word of a kind. Practice blends many: from a closed list a model learns the list, not the copying."""
    if split is Split.PRACTICE and kind not in CLOSED_KINDS and random.random() < BLENDED:
        return blended(kind, random)
    return random.choice(words_of(kind, split))


def proper_name(random: Random, split: Split) -> str:
    """A person's name, more often invented than real, because copying must not lean on known names."""
    if random.random() < 0.3:
        return word_of("name", random, split)
    return invented(random, split).capitalize()


def number(random: Random) -> str:
    """A number of one to five digits without a leading zero."""
    return str(random.randrange(1, 10 ** random.randint(1, 5)))


def fill(phrase: str, random: Random, split: Split) -> str:
    """Replace each `{kind}` by a word of that kind; `{odd}` is invented, `{num}` a number."""

    def word(match: re.Match[str]) -> str:
        kind = match[1]
        if kind == "num":
            return number(random)
        if kind == "odd":
            return invented(random, split)
        return word_of(kind, random, split)

    return SLOT.sub(word, phrase)
