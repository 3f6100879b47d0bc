"""Words to fill sentences with: ordinary ones from words.txt and invented ones. Held-out words never meet training."""

import re
from functools import cache
from pathlib import Path
from random import Random

from training.phrases import SLOT, Split, bucket

FOLDER = Path(__file__).parent
CLOSED_KINDS = ("weekday", "month")
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


def proper_name(random: Random, split: Split) -> str:
    """A person's name, more often invented than real, because copying must not lean on known names."""
    if random.random() < 0.3:
        return random.choice(words_of("name", split))
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
        return random.choice(words_of(kind, split))

    return SLOT.sub(word, phrase)
