"""Whole dialogues: which kinds follow each other, and the system prompt in front."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from training.memory import memory, never_told
from training.phrases import Split, expand
from training.rewriting import rewriting
from training.turns import Kind, Turn, product, refusal, small_talk
from training.words import fill, proper_name

MAKERS = {Kind.PRODUCT: product, Kind.REWRITING: rewriting, Kind.REFUSAL: refusal, Kind.SMALL_TALK: small_talk}
WEIGHTS = {Kind.PRODUCT: 40, Kind.REWRITING: 40, Kind.REFUSAL: 12, Kind.SMALL_TALK: 8}
MEMORY_SHARE = 0.22
LONG_SHARE = 0.03
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


def system_prompt(random: Random, split: Split) -> str:
    return fill(expand(random.choice(SYSTEM_PROMPTS), random), random, split)


def _told_by_system(random: Random, split: Split) -> Dialogue:
    name = proper_name(random, split)
    system = expand(f"[The user is called|The name of the user is|The user's name is] {name}.", random)
    asked = expand("[What is my name|Do you know my name|Who am I|what's my name]?", random)
    between = [one_turn(random, split) for _ in range(random.choice((0, 0, 1)))]
    return Dialogue(system, (*between, Turn(Kind.MEMORY, asked, f"Your name is {name}.")))


def dialogue(random: Random, split: Split) -> Dialogue:
    """A dialogue of the usual mixture; a few are long, so that the model learns to stay itself."""
    system = system_prompt(random, split) if random.random() < 0.3 else None
    if random.random() < LONG_SHARE:
        before = [one_turn(random, split) for _ in range(random.randint(4, 9))]
        return Dialogue(system, (*before[:2], *memory(random, split, one_turn, longest=6), *before[2:]))
    if random.random() < MEMORY_SHARE:
        if random.random() < 0.08:
            return _told_by_system(random, split)
        if random.random() < 0.08:
            return Dialogue(
                system, (*(one_turn(random, split) for _ in range(random.choice((0, 1)))), never_told(random, split))
            )
        return Dialogue(system, tuple(memory(random, split, one_turn)))
    return Dialogue(system, tuple(one_turn(random, split) for _ in range(random.choice((1, 1, 2, 3)))))


def dialogues(seed: int, count: int, split: Split = Split.TRAINING) -> Iterator[Dialogue]:
    """The same seed gives the same dialogues, on every machine."""
    random = Random(f"{split.value} {seed}")
    for _ in range(count):
        yield dialogue(random, split)
