"""Text rewriting: nine small tasks whose right answer a program can compute."""

from collections.abc import Callable
from pathlib import Path
from random import Random

from training.phrases import Split, as_typed, expand, read_sections
from training.turns import Kind, Turn
from training.words import invented, proper_name, word_of, words_of

Maker = Callable[[Random, Split], tuple[str, str]]
LEADS = {section.heading: section for section in read_sections(Path(__file__).parent / "rewriting.txt")}


def _word(random: Random, split: Split) -> str:
    if random.random() < 0.35:
        return invented(random, split)
    return word_of(random.choice(("noun", "noun", "adjective", "verb")), random, split)


def _words(random: Random, split: Split, low: int, high: int) -> list[str]:
    return [_word(random, split) for _ in range(random.randint(low, high))]


def _joined(words: list[str], random: Random) -> str:
    return random.choice((", ", ", ", " ")).join(words)


def _clause(random: Random, split: Split) -> str:
    """A short clause in lower case, such as "the amber fox will carry the kettle"."""

    def pick(kind: str) -> str:
        return invented(random, split) if random.random() < 0.15 else word_of(kind, random, split)

    shape = random.choice(
        ("the A N will V the N", "we V the A N", "the N is A and A", "my N and my N V", "they V a N", "a A N")
    )
    kinds = {"A": "adjective", "N": "noun", "V": "verb"}
    return " ".join(pick(kinds[part]) if part in kinds else part for part in shape.split())


def _date(random: Random, split: Split) -> str:
    day, month = random.randint(1, 28), word_of("month", random, split)
    year = random.choice(("", f" {random.randint(1950, 2049)}"))
    return random.choice((f"{day} {month}{year}", f"{month} {day}{year and ',' + year}"))


def _sort(random: Random, split: Split) -> tuple[str, str]:
    words: dict[str, str] = {}
    for _ in range(random.choice((3, 3, 4))):
        word = word_of("noun", random, split) if random.random() < 0.85 else invented(random, split)
        words.setdefault(word[0], word)
    chosen = list(words.values())
    return _joined(chosen, random), ", ".join(sorted(chosen))


def _bullets(random: Random, split: Split) -> tuple[str, str]:
    words = _words(random, split, 2, 5)
    return ", ".join(words), "\n".join(f"- {word}" for word in words)


def _reverse(random: Random, split: Split) -> tuple[str, str]:
    words = _words(random, split, 2, 5)
    return " ".join(words), " ".join(reversed(words))


def _polite(random: Random, split: Split) -> tuple[str, str]:
    def noun() -> str:
        return word_of("noun", random, split) if random.random() < 0.8 else invented(random, split)

    ending = random.choice(
        ("", "", f" by {random.choice(words_of('weekday', split))}", f" to {proper_name(random, split)}", " now")
    )
    order = f"{word_of('verb', random, split)} the {noun()}{ending}"
    said = order.capitalize() if ending in ("", " now") and random.random() < 0.5 else order
    return said + random.choice(("", ".", "!")), f"Could you please {order}?"


def _with_name(random: Random, split: Split) -> tuple[str, str]:
    name, place = proper_name(random, split), word_of("place", random, split).capitalize()
    noun, adjective = word_of("noun", random, split), word_of("adjective", random, split)
    frames = (
        f"Yesterday {name} bought a {adjective} {noun} in {place}.",
        f"{name} lives in {place} and has a {noun}.",
        f"The {noun} belongs to {name}.",
        f"We met {name} at the {noun} in {place}.",
        f"Please ask {name} about the {adjective} {noun}.",
        f"The {adjective} {noun} was sent to {place} by {name}.",
        f"In {place} a {noun} was found by {name}.",
    )
    return random.choice(frames), name


def _with_date(random: Random, split: Split) -> tuple[str, str]:
    date, name = _date(random, split), proper_name(random, split)
    noun = word_of("noun", random, split)
    frames = (
        f"The meeting with {name} is on {date}.",
        f"On {date} we will open the {noun}.",
        f"{name} was born on {date}.",
        f"The {noun} must be ready by {date} at the latest.",
        f"Since {date} the {noun} has been closed.",
        f"{name} bought the {noun} on {date} for {random.randint(2, 99)} dollars.",
    )
    return random.choice(frames), date


def _capitals(random: Random, split: Split) -> tuple[str, str]:
    text = _clause(random, split)
    if random.random() < 0.4:
        text += " on " + word_of("weekday", random, split)
    right = text[0].upper() + text[1:] + "."
    return text.lower(), right


def _count(random: Random, split: Split) -> tuple[str, str]:
    words = _words(random, split, 2, 6)
    return " ".join(words), f"{len(words)} words."


def _repeat(random: Random, split: Split) -> tuple[str, str]:
    text = _clause(random, split) if random.random() < 0.4 else " ".join(_words(random, split, 1, 5))
    return text, text


def _letters(random: Random, split: Split) -> tuple[str, str]:
    """The first letters, which sorting needs and which a model that reads whole words must be told."""
    words = _words(random, split, 2, 6)
    return _joined(words, random), ", ".join(word[0] for word in words)


def _sort_any(random: Random, split: Split) -> tuple[str, str]:
    """Sorting over every kind of word, from two words on."""
    words = {word[0]: word for word in _words(random, split, 2, 5)}
    chosen = list(words.values())
    return _joined(chosen, random), ", ".join(sorted(chosen))


MAKERS: dict[str, Maker] = {
    "sort": _sort,
    "bullets": _bullets,
    "reverse": _reverse,
    "polite": _polite,
    "name": _with_name,
    "date": _with_date,
    "capitals": _capitals,
    "count": _count,
    "repeat": _repeat,
}

EXERCISES: dict[str, Maker] = {"letters": _letters, "sort any": _sort_any}
PRACTICE = {"sort": 12, "sort any": 12, "letters": 8, "reverse": 22, "count": 13, "bullets": 8, "repeat": 8} | {
    "polite": 8,
    "capitals": 5,
    "name": 3,
    "date": 3,
}


def rewriting(random: Random, split: Split, task: str | None = None) -> Turn:
    """One task on one text: the lead names the task, after a colon or a line break comes the text.

    Practice has the hard tasks more often, and two forms that only help to learn them.
    """
    if split is Split.PRACTICE and not task:
        task = random.choices(tuple(PRACTICE), tuple(PRACTICE.values()))[0]
    task = task or random.choice(tuple(MAKERS))
    text, answer = (EXERCISES | MAKERS)[task](random, split)
    ways = LEADS[task.removesuffix(" any")].one(split, random)
    lead = as_typed(expand(ways, random), random, split, typos=False).rstrip("?!. ")
    return Turn(Kind.REWRITING, lead + random.choice((": ", ": ", ": ", ":\n")) + text, answer)
