"""Memory over turns: the user says something and later asks for it. Most values are invented, to teach copying."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from training.phrases import Split, as_typed, expand, read_sections
from training.turns import Kind, Turn
from training.words import invented, number, proper_name, word_of

VALUE = "\x00"
UNKNOWN = "You have not told me that in this chat."
WAYS = {section.heading: section for section in read_sections(Path(__file__).parent / "memory.txt")}


@dataclass(frozen=True)
class Topic:
    """Something to remember: its name in memory.txt, how it is noted and answered, where its values come from."""

    name: str
    noted: str
    answer: str
    value: Callable[[Random, Split], str]


def _ordinary(kind: str) -> Callable[[Random, Split], str]:
    def value(random: Random, split: Split) -> str:
        return invented(random, split) if random.random() < 0.4 else word_of(kind, random, split)

    return value


def _place(random: Random, split: Split) -> str:
    return _ordinary("place")(random, split).capitalize()


def _number(random: Random, _: Split) -> str:
    return number(random)


TOPICS = (
    Topic("name", "Nice to meet you, $!", "Your name is $.", proper_name),
    Topic("place", "$ is noted as your place.", "You told me that your place is $.", _place),
    Topic("colour", "$ is noted as your favourite colour.", "Your favourite colour is $.", _ordinary("color")),
    Topic("food", "$ is noted as your favourite food.", "Your favourite food is $.", _ordinary("food")),
    Topic("pet", "What a nice name for a pet: $!", "Your pet is called $.", proper_name),
    Topic("word", "I will remember the word $.", "The word is $.", _ordinary("noun")),
    Topic("number", "I will remember the number $.", "The number is $.", _number),
    Topic("friend", "Greetings to your friend $!", "Your friend is called $.", proper_name),
)


def _typed(ways: str, value: str, random: Random, split: Split) -> str:
    phrase = expand(WAYS[ways].one(split, random), random).replace("$", VALUE)
    is_question = VALUE not in phrase
    text = as_typed(phrase, random, split, typos=random.random() < 0.3)
    if not is_question:
        text = text.rstrip("?!. ").removesuffix(" please") + random.choice((".", ".", "", "!"))
    return text.replace(VALUE, value)


def _said(topic: Topic, random: Random, split: Split) -> tuple[Turn, str]:
    value = topic.value(random, split)
    if random.random() < 0.15:
        value = value.lower()
    noted = topic.noted.replace("$", value)
    turn = Turn(Kind.MEMORY, _typed(f"{topic.name} says", value, random, split), noted)
    return turn, value


def _asked(topic: Topic, answer: str, random: Random, split: Split) -> Turn:
    return Turn(Kind.MEMORY, _typed(f"{topic.name} asks", "", random, split), answer)


def memory(random: Random, split: Split, distraction: Callable[[Random, Split], Turn], longest: int = 2) -> list[Turn]:
    """Say one to three things, be distracted, sometimes correct the first, then ask for all of them."""
    topics = random.sample(TOPICS, random.choice((1, 1, 2, 2, 3)))
    turns: list[Turn] = []
    known: dict[int, str] = {}
    for topic in topics:
        turn, known[id(topic)] = _said(topic, random, split)
        turns.append(turn)
        turns += [distraction(random, split) for _ in range(random.choice((0, 0, 1, longest)) if longest else 0)]
    if random.random() < 0.1:
        turn, known[id(topics[0])] = _said(topics[0], random, split)
        turns.append(turn)
    for topic in random.sample(topics, len(topics)):
        turns.append(_asked(topic, topic.answer.replace("$", known[id(topic)]), random, split))
    return turns


def practice_memory(random: Random, distraction: Callable[[Random, Split], Turn], longest: int = 2) -> list[Turn]:
    """Memory for training: now and then it also asks for something that was not among what was told."""
    turns = memory(random, Split.PRACTICE, distraction, longest)
    missing = [topic for topic in TOPICS if not any(turn.answer.startswith(topic.answer[:-2]) for turn in turns)]
    if random.random() < 0.15:
        turns.insert(random.randint(1, len(turns)), _asked(random.choice(missing), UNKNOWN, random, Split.PRACTICE))
    return turns


def never_told(random: Random, split: Split) -> Turn:
    """Asked for something that was not said, the model must say so."""
    return _asked(random.choice(TOPICS), UNKNOWN, random, split)
