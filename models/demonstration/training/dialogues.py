"""Whole dialogues: which kinds follow each other, and the system prompt in front."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from training.memory import memory, never_told, practice_memory
from training.phrases import Split, expand
from training.rewriting import practice, rewriting
from training.turns import (
    Kind,
    Turn,
    practice_product,
    practice_refusal,
    practice_small_talk,
    product,
    refusal,
    small_talk,
)
from training.words import fill, proper_name

MAKERS = {Kind.PRODUCT: product, Kind.REWRITING: rewriting, Kind.REFUSAL: refusal, Kind.SMALL_TALK: small_talk}
PRACTICE: dict[Kind, Callable[[Random], Turn]] = {
    Kind.PRODUCT: practice_product,
    Kind.REWRITING: practice,
    Kind.REFUSAL: practice_refusal,
    Kind.SMALL_TALK: practice_small_talk,
}
WEIGHTS = {Kind.PRODUCT: 40, Kind.REWRITING: 40, Kind.REFUSAL: 12, Kind.SMALL_TALK: 8}
PRACTICE_WEIGHTS = {Kind.PRODUCT: 40, Kind.REWRITING: 34, Kind.REFUSAL: 18, Kind.SMALL_TALK: 8}
MEMORY_SHARE = 0.22
LONG_SHARE = 0.01
TURNS = (1,) * 10 + (2, 3)
SYSTEM_PROMPTS = (
    "You are a helpful assistant.",
    "You are [a|the] [friendly|helpful|polite|careful|private] [assistant|model|AI|chat].",
    "[Answer|Reply] [briefly|shortly|in plain English|honestly|politely|in full sentences].",
    "You are Privity, [an encrypted|a private] AI chat.",
    "The user likes {topic} and {food}.",
    "Today is {weekday}.",
    "You help the people of {place}. Be {adjective}.",
    "Never speak about the {adjective} {noun}.",
    "Keep answers short. The user is a {adjective} {noun} from {place}.",
)


@dataclass(frozen=True)
class Dialogue:
    """A conversation: an optional system prompt and the turns."""

    system: str | None
    turns: tuple[Turn, ...]

    def messages(self, until: int) -> list[dict[str, str]]:
        """The messages that stand before the answer of turn `until`."""
        said = [{"role": "system", "content": self.system}] if self.system else []
        for turn in self.turns[:until]:
            said += [{"role": "user", "content": turn.user}, {"role": "assistant", "content": turn.answer}]
        return [*said, {"role": "user", "content": self.turns[until].user}]

    def as_json(self) -> str:
        turns = [[turn.kind.value, turn.user, turn.answer] for turn in self.turns]
        return json.dumps({"system": self.system, "turns": turns}, ensure_ascii=False)


def one_turn(random: Random, split: Split) -> Turn:
    """A turn that needs no other turn."""
    kind = random.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
    return MAKERS[kind](random, split)


def practice_turn(random: Random, _: Split = Split.TRAINING) -> Turn:
    """A turn for training: what is hard comes more often than it is asked."""
    kind = random.choices(tuple(PRACTICE_WEIGHTS), tuple(PRACTICE_WEIGHTS.values()))[0]
    return PRACTICE[kind](random)


def system_prompt(random: Random, split: Split) -> str:
    return fill(expand(random.choice(SYSTEM_PROMPTS), random), random, split)


def _told_by_system(random: Random, split: Split) -> Dialogue:
    name = proper_name(random, split)
    system = expand(f"[The user is called|The name of the user is|The user's name is] {name}.", random)
    asked = expand("[What is my name|Do you know my name|Who am I|what's my name]?", random)
    between = [one_turn(random, split) for _ in range(random.choice((0, 0, 1)))]
    return Dialogue(system, (*between, Turn(Kind.MEMORY, asked, f"Your name is {name}.")))


def _unlike_training(random: Random) -> Dialogue:
    """A held-out dialogue; the examination draws single questions itself."""
    turns = memory(random, Split.HELD_OUT, one_turn) if random.random() < MEMORY_SHARE else []
    return Dialogue(system_prompt(random, Split.HELD_OUT), (*turns, one_turn(random, Split.HELD_OUT)))


def _long(random: Random, system: str | None) -> Dialogue:
    before = [practice_turn(random) for _ in range(random.randint(4, 9))]
    return Dialogue(system, (*before[:2], *practice_memory(random, practice_turn, longest=6), *before[2:]))


def _about_memory(random: Random, system: str | None) -> Dialogue:
    chance = random.random()
    if chance < 0.08:
        return _told_by_system(random, Split.TRAINING)
    if chance < 0.18:
        before = [practice_turn(random) for _ in range(random.choice((0, 1)))]
        return Dialogue(system, (*before, never_told(random, Split.TRAINING)))
    return Dialogue(system, tuple(practice_memory(random, practice_turn, longest=random.choice((0, 1, 2)))))


def dialogue(random: Random, split: Split) -> Dialogue:
    """A dialogue of the usual mixture; a few are long, so that the model learns to stay itself."""
    if split is Split.HELD_OUT:
        return _unlike_training(random)
    system = system_prompt(random, split) if random.random() < 0.25 else None
    if random.random() < LONG_SHARE:
        return _long(random, system)
    if random.random() < MEMORY_SHARE:
        return _about_memory(random, system)
    return Dialogue(system, tuple(practice_turn(random) for _ in range(random.choice(TURNS))))


def dialogues(seed: int, count: int, split: Split = Split.TRAINING) -> Iterator[Dialogue]:
    """The same seed gives the same dialogues, on every machine."""
    random = Random(f"{split.value} {seed}")
    for _ in range(count):
        yield dialogue(random, split)
