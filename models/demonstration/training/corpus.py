"""Dialogues packed into rows of equal length: short rows for speed, some long ones so that long chats stay coherent."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from tokenizers import Tokenizer

from training.dialogues import Dialogue, dialogues
from training.facts import facts
from training.tokenizer import encode, load_tokenizer, train_tokenizer
from training.turns import REFUSAL, small_talk_sections

SHORT, LONG = 256, 1024
WHOLE_SHARE = 0.1


@dataclass(frozen=True)
class Rows:
    """Packed rows: token ids, which of them are learnt, and the number of the dialogue each belongs to."""

    tokens: np.ndarray
    learnt: np.ndarray
    documents: np.ndarray


Row = tuple[list[int], list[bool], list[int]]


class Packer:
    """Keeps some rows open; a dialogue goes into the fullest one that has room for it."""

    OPEN = 32

    def __init__(self, length: int) -> None:
        self.length = length
        self.full: list[Row] = []
        self.open: list[Row] = []

    def add(self, ids: list[int], learnt: list[bool]) -> None:
        fitting = [row for row in self.open if len(row[0]) + len(ids) <= self.length]
        if not fitting:
            if len(self.open) == self.OPEN:
                self._close(max(self.open, key=lambda row: len(row[0])))
            fitting = [([], [], [])]
            self.open += fitting
        row = max(fitting, key=lambda row: len(row[0]))
        number = row[2][-1] + 1 if row[2] else 1
        row[0].extend(ids)
        row[1].extend(learnt)
        row[2].extend([number] * len(ids))

    def _close(self, row: Row) -> None:
        self.open = [other for other in self.open if other is not row]
        missing = self.length - len(row[0])
        self.full.append((row[0] + [0] * missing, row[1] + [False] * missing, row[2] + [0] * missing))

    def rows(self) -> Rows:
        tokens, learnt, documents = zip(*self.full, strict=True)
        return Rows(np.array(tokens, np.int16), np.array(learnt, bool), np.array(documents, np.int16))


class Openings:
    """How many tokens of a fixed answer tell it from all others, and a few more.

    Once a model knows the fixed answers by heart, only their beginnings teach it anything: which one it is to be.
    """

    MORE = 2

    def __init__(self, tokenizer: Tokenizer) -> None:
        fixed = [fact.answer for fact in facts()] + [section.heading for section in small_talk_sections()] + [REFUSAL]
        said = {answer: tokenizer.encode(answer).ids for answer in fixed}
        self.length = {answer: len(ids) for answer, ids in said.items()}
        self.needed = {
            answer: self.MORE + max(_alike(ids, other) for others, other in said.items() if others != answer)
            for answer, ids in said.items()
        }

    def cut(self, dialogue: Dialogue, ids: list[int], learnt: list[bool]) -> tuple[list[int], list[bool]]:
        """The dialogue up to the opening of its last answer, if that is a fixed one."""
        answer = dialogue.turns[-1].answer
        surplus = self.length.get(answer, 0) - self.needed.get(answer, 0)
        if surplus <= 0:
            return ids, learnt
        end = len(ids) - learnt[::-1].index(True) - 1 - surplus
        return ids[:end], learnt[:end]


def _alike(one: list[int], other: list[int]) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def pack(seed: int | str, count: int, tokenizer: Tokenizer) -> Iterator[tuple[int, Rows]]:
    """Yield the short and the long rows. A seventh of the ordinary dialogues goes into long rows too."""
    packers = {SHORT: Packer(SHORT), LONG: Packer(LONG)}
    openings, random = Openings(tokenizer), Random(f"openings {seed}")
    for index, dialogue in enumerate(dialogues(seed, count)):
        ids, learnt = encode(dialogue, tokenizer)
        if random.random() >= WHOLE_SHARE:
            ids, learnt = openings.cut(dialogue, ids, learnt)
        length = LONG if len(ids) > SHORT or index % 7 == 0 else SHORT
        if len(ids) <= length:
            packers[length].add(ids, learnt)
    for length, packer in packers.items():
        yield length, packer.rows()


def main() -> None:
    parser = argparse.ArgumentParser(description="Generate dialogues, train the tokenizer once, pack rows.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=180_000)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    path = arguments.folder / "tokenizer.json"
    if not path.exists():
        train_tokenizer(arguments.seed).save(str(path))
    tokenizer = load_tokenizer(path)
    for length, rows in pack(arguments.seed, arguments.count, tokenizer):
        columns = {"tokens": rows.tokens, "learnt": rows.learnt, "documents": rows.documents}
        unfinished = arguments.folder / f"unfinished-{length}.npz"
        np.savez(unfinished, **columns)
        unfinished.replace(arguments.folder / f"rows-{length}.npz")
        full, learnt, millions = (rows.documents > 0).mean(), rows.learnt.mean(), rows.tokens.size / 1e6
        print(f"{len(rows.tokens)} rows of {length}: {millions:.1f} M tokens, {full:.0%} full, {learnt:.0%} learnt")


if __name__ == "__main__":
    main()
