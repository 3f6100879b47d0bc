"""Whole dialogues: which kinds follow each other, and the system prompt in front."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from training.memory import memory, never_told, practice_memory
from training.phrases import Split, expand
from training.rewriting import rewriting
from training.turns import Kind, Turn, product, refusal, small_talk
from training.words import fill, proper_name

MAKERS = {Kind.PRODUCT: product, Kind.REWRITING: rewriting, Kind.REFUSAL: refusal, Kind.SMALL_TALK: small_talk}
WEIGHTS = {Kind.PRODUCT: 40, Kind.REWRITING: 40, Kind.REFUSAL: 12, Kind.SMALL_TALK: 8}
PRACTICE_WEIGHTS = {Kind.PRODUCT: 50, Kind.REWRITING: 22, Kind.REFUSAL: 18, Kind.SMALL_TALK: 10}
MEMORY_SHARE = 0.14
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
    weights = PRACTICE_WEIGHTS if split is Split.PRACTICE else WEIGHTS
    kind = random.choices(tuple(weights), tuple(weights.values()))[0]
    return MAKERS[kind](random, split)


def system_prompt(random: Random, split: Split) -> str:
    return fill(expand(random.choice(SYSTEM_PROMPTS), random), random, split)


def _told_by_system(random: Random, split: Split) -> Dialogue:
    name = proper_name(random, split)
    system = expand(f"[The user is called|The name of the user is|The user's name is] {name}.", random)
    asked = expand("[What is my name|Do you know my name|Who am I|what's my name]?", random)
    between = [one_turn(random, split) for _ in range(random.choice((0, 0, 1)))]
    return Dialogue(system, (*between, Turn(Kind.MEMORY, asked, f"Your name is {name}.")))


def _plain(random: Random, split: Split) -> Dialogue:
    """A dialogue of examined material. The examination itself draws single questions."""
    turns = memory(random, split, one_turn) if random.random() < MEMORY_SHARE else []
    return Dialogue(system_prompt(random, split), (*turns, one_turn(random, split)))


def _long(random: Random, system: str | None) -> Dialogue:
    before = [one_turn(random, Split.PRACTICE) for _ in range(random.randint(4, 9))]
    return Dialogue(system, (*before[:2], *practice_memory(random, one_turn, longest=6), *before[2:]))


def _about_memory(random: Random, system: str | None) -> Dialogue:
    chance = random.random()
    if chance < 0.08:
        return _told_by_system(random, Split.PRACTICE)
    if chance < 0.18:
        before = [one_turn(random, Split.PRACTICE) for _ in range(random.choice((0, 1)))]
        return Dialogue(system, (*before, never_told(random, Split.PRACTICE)))
    return Dialogue(system, tuple(practice_memory(random, one_turn, longest=random.choice((0, 1, 2)))))


def dialogue(random: Random, split: Split) -> Dialogue:
    """A dialogue of the usual mixture; a few are long, so that the model learns to stay itself."""
    if split is not Split.PRACTICE:
        return _plain(random, split)
    system = system_prompt(random, split) if random.random() < 0.25 else None
    if random.random() < LONG_SHARE:
        return _long(random, system)
    if random.random() < MEMORY_SHARE:
        return _about_memory(random, system)
    return Dialogue(system, tuple(one_turn(random, split) for _ in range(random.choice(TURNS))))


def dialogues(seed: int | str, count: int, split: Split = Split.PRACTICE) -> Iterator[Dialogue]:
    """The same seed gives the same dialogues, on every machine."""
    random = Random(f"{split.value} {seed}")
    for _ in range(count):
        yield dialogue(random, split)
