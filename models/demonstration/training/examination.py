"""The held-out questions: seeds, wordings and words that training never meets. Every answer must be exact."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from training.dialogues import Dialogue, one_turn, system_prompt
from training.facts import facts
from training.memory import memory, never_told
from training.phrases import Split, as_typed, expand
from training.rewriting import MAKERS, rewriting
from training.turns import Kind, Turn, refusal, small_talk, unseen

SEED = 20261121
HELD_OUT = Split.HELD_OUT


@dataclass(frozen=True)
class Question:
    """A conversation up to a question, and the one right answer."""

    row: str
    detail: str
    messages: list[dict[str, str]]
    answer: str


def _question(row: str, detail: str, turns: list[Turn], random: Random) -> Question:
    system = system_prompt(random, HELD_OUT) if random.random() < 0.25 else None
    return Question(row, detail, Dialogue(system, tuple(turns)).messages(len(turns) - 1), turns[-1].answer)


def _unseen_expansions(random: Random, count: int) -> list[Question]:
    """Trained phrases in combinations that training was refused, typed by other people with other slips."""
    found: list[Question] = []
    while len(found) < count:
        fact = facts()[len(found) % len(facts())]
        phrase = expand(random.choice(fact.asked.training), random)
        if unseen(phrase) or random.random() < 0.02:
            turn = Turn(Kind.PRODUCT, as_typed(phrase, random, HELD_OUT), fact.answer)
            found.append(_question(Kind.PRODUCT.value, fact.question, [turn], random))
    return found


def _unseen_wordings(random: Random, count: int) -> list[Question]:
    """Sentences written for the evaluation alone."""
    asked = [(fact, phrase) for fact in facts() for phrase in fact.asked.held_out]
    random.shuffle(asked)
    found: list[Question] = []
    for fact, phrase in asked[:count]:
        turn = Turn(Kind.PRODUCT, as_typed(phrase, random, HELD_OUT), fact.answer)
        found.append(_question("product questions in new words", fact.question, [turn], random))
    return found


def _memory(random: Random, count: int) -> list[Question]:
    found: list[Question] = []
    for _ in range(count):
        if random.random() < 0.1:
            turns, detail = [one_turn(random, HELD_OUT), never_told(random, HELD_OUT)], "never told"
        else:
            turns, detail = memory(random, HELD_OUT, one_turn, longest=3), "told"
        found.append(_question(Kind.MEMORY.value, detail, turns, random))
    return found


def _rewriting(random: Random, count: int) -> list[Question]:
    tasks = tuple(MAKERS)
    asked = [(tasks[i % len(tasks)], rewriting(random, HELD_OUT, tasks[i % len(tasks)])) for i in range(count)]
    return [_question(Kind.REWRITING.value, task, [turn], random) for task, turn in asked]


def _single(maker: Callable[[Random, Split], Turn]) -> Callable[[Random, int], list[Question]]:
    def questions(random: Random, count: int) -> list[Question]:
        turns = [maker(random, HELD_OUT) for _ in range(count)]
        return [_question(turn.kind.value, turn.kind.value, [turn], random) for turn in turns]

    return questions


SETS = (_unseen_expansions, _unseen_wordings, _memory, _rewriting, _single(refusal), _single(small_talk))


def examination(count: int) -> list[Question]:
    """`count` questions of each row; a smaller examination is another draw, not a part of a larger one."""
    return [question for make in SETS for question in make(Random(f"{SEED} {count} {SETS.index(make)}"), count)]
