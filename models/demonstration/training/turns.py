"""What a dialogue is made of, and the one-turn kinds: product questions, small talk, refusals."""

from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from random import Random

from training.facts import facts
from training.phrases import Section, Split, as_typed, bucket, expand, read_sections
from training.variety import varied
from training.words import fill

FOLDER = Path(__file__).parent
REFUSAL = (
    "I am a small demonstration model: I only know about Privity and simple text tasks. "
    "The operator of this server can add a real model for everything else."
)


class Kind(Enum):
    """What a turn exercises; the evaluation has one row for each."""

    PRODUCT = "product questions"
    MEMORY = "memory over turns"
    REWRITING = "text rewriting"
    REFUSAL = "honest refusal"
    SMALL_TALK = "small talk"


@dataclass(frozen=True)
class Turn:
    """One message of the user and the one right answer."""

    kind: Kind
    user: str
    answer: str


@cache
def small_talk_sections() -> tuple[Section, ...]:
    return tuple(read_sections(FOLDER / "smalltalk.txt"))


@cache
def refusal_section() -> Section:
    return read_sections(FOLDER / "refusals.txt")[0]


def unseen(phrase: str) -> bool:
    """A tenth of all expansions is kept from training, so that the evaluation can ask what was never asked."""
    return bucket(phrase, 10) == 0


def _seen_expansion(section: Section, random: Random) -> str:
    while unseen(phrase := expand(random.choice(section.training), random)):
        pass
    return phrase


def _asked(section: Section, random: Random, split: Split) -> str:
    if split is Split.HELD_OUT:
        return as_typed(expand(random.choice(section.held_out), random), random, split)
    phrase = _practised(section, random) if split is Split.PRACTICE else _seen_expansion(section, random)
    return as_typed(phrase, random, split)


def product(random: Random, split: Split) -> Turn:
    """A question about Privity; its answer is the documentation's, word for word."""
    fact = random.choice(facts())
    if split is not Split.HELD_OUT and random.random() < 0.15 and not unseen(fact.question):
        return Turn(Kind.PRODUCT, fact.question, fact.answer)
    return Turn(Kind.PRODUCT, _asked(fact.asked, random, split), fact.answer)


@cache
def _every_held_out() -> frozenset[str]:
    sections = (*(fact.asked for fact in facts()), *small_talk_sections())
    return frozenset(phrase for section in sections for phrase in section.held_out)


@cache
def _widths(phrases: tuple[str, ...]) -> tuple[float, ...]:
    """How often training asks each phrase: the more alternatives it has, the more often."""
    return tuple((1 + phrase.count("|")) ** 0.5 for phrase in phrases)


def _practised(section: Section, random: Random) -> str:
    """A wording that is neither held out nor one of the expansions kept from training, before or after it is varied."""
    phrases = section.of(Split.PRACTICE)
    while True:
        phrase = expand(random.choices(phrases, _widths(phrases))[0], random)
        other = varied(phrase, random)
        if not unseen(phrase) and not unseen(other) and not {phrase, other} & _every_held_out():
            return other


def small_talk(random: Random, split: Split) -> Turn:
    """A greeting, thanks, or a question about the model itself."""
    section = random.choice([s for s in small_talk_sections() if split is not Split.HELD_OUT or s.held_out])
    return Turn(Kind.SMALL_TALK, _asked(section, random, split), section.heading)


def refusal(random: Random, split: Split) -> Turn:
    """A question outside the domain, over a wide vocabulary, always answered with the same honest sentence."""
    phrases = refusal_section().of(split)
    phrase = random.choices(phrases, _widths(phrases))[0] if split is Split.PRACTICE else random.choice(phrases)
    question = fill(expand(phrase, random), random, split)
    return Turn(Kind.REFUSAL, as_typed(question, random, split), REFUSAL)
