"""The held-out questions: seeds, and for half of the rows also wordings and words, that training never meets."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from training.dialogues import Dialogue, one_turn, system_prompt
from training.facts import facts
from training.memory import memory, never_told
from training.phrases import Split, as_typed, expand
from training.rewriting import MAKERS, rewriting
from training.turns import Kind, Turn, product, refusal, small_talk, unseen

SEED = 20261121


@dataclass(frozen=True)
class Question:
    """A conversation up to a question, and the one right answer."""

    row: str
    detail: str
    messages: list[dict[str, str]]
    answer: str


def row_name(kind: Kind, split: Split) -> str:
    """A row of the table: new draws from trained material, or material that training never met."""
    suffixes = {Split.TRAINING: "", Split.HELD_OUT: ", new words", Split.PRACTICE: ", wide practice"}
    return kind.value + suffixes[split]


def _question(kind: Kind, detail: str, turns: list[Turn], random: Random, split: Split) -> Question:
    system = system_prompt(random, split) if random.random() < 0.25 else None
    messages = Dialogue(system, tuple(turns)).messages(len(turns) - 1)
    return Question(row_name(kind, split), detail, messages, turns[-1].answer)


def _new_combinations(random: Random, count: int) -> list[Question]:
    """Expansions of the phrase grammar that training was refused."""
    found: list[Question] = []
    while len(found) < count:
        fact = random.choice(facts())
        phrase = expand(random.choice(fact.asked.training), random)
        if unseen(phrase):
            turn = Turn(Kind.PRODUCT, as_typed(phrase, random, Split.TRAINING), fact.answer)
            question = _question(Kind.PRODUCT, fact.question, [turn], random, Split.TRAINING)
            found.append(replace(question, row=f"{Kind.PRODUCT.value}, new combinations"))
    return found


def _product(random: Random, count: int, split: Split) -> list[Question]:
    """The documented question or a trained phrase; in new words, sentences written for the evaluation alone."""
    turns = [product(random, split) for _ in range(count)]
    return [_question(Kind.PRODUCT, turn.answer, [turn], random, split) for turn in turns]


def _memory(random: Random, count: int, split: Split) -> list[Question]:
    found: list[Question] = []
    for _ in range(count):
        if random.random() < 0.1:
            turns, detail = [one_turn(random, split), never_told(random, split)], "never told"
        else:
            turns, detail = memory(random, split, one_turn, longest=3), "told"
        found.append(_question(Kind.MEMORY, detail, turns, random, split))
    return found


def _rewriting(random: Random, count: int, split: Split) -> list[Question]:
    tasks = tuple(MAKERS)
    asked = [(tasks[i % len(tasks)], rewriting(random, split, tasks[i % len(tasks)])) for i in range(count)]
    return [_question(Kind.REWRITING, task, [turn], random, split) for task, turn in asked]


def _single(maker: Callable[[Random, Split], Turn]) -> Callable[[Random, int, Split], list[Question]]:
    def questions(random: Random, count: int, split: Split) -> list[Question]:
        turns = [maker(random, split) for _ in range(count)]
        return [_question(turn.kind, turn.kind.value, [turn], random, split) for turn in turns]

    return questions


SETS = {
    Kind.PRODUCT: _product,
    Kind.MEMORY: _memory,
    Kind.REWRITING: _rewriting,
    Kind.REFUSAL: _single(refusal),
    Kind.SMALL_TALK: _single(small_talk),
}


def examination(count: int) -> list[Question]:
    """`count` questions of each row; a smaller examination is another draw, not a part of a larger one."""

    def drawn(split: Split) -> list[list[Question]]:
        return [make(Random(f"{SEED} {count} {kind.value} {split.value}"), count, split) for kind, make in SETS.items()]

    combinations = _new_combinations(Random(f"{SEED} {count} combinations"), count)
    rows = [*drawn(Split.TRAINING), *drawn(Split.HELD_OUT), combinations, *drawn(Split.PRACTICE)]
    return [question for row in rows for question in row]
