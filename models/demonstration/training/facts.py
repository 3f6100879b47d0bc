"""The product facts: docs/questions.md is their only source, here they are read."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from training.phrases import Section, read_sections

FOLDER = Path(__file__).parent
QUESTIONS = FOLDER.parents[2] / "docs" / "questions.md"


@dataclass(frozen=True)
class Fact:
    """One question of the documentation, its answer, and other ways to ask it."""

    question: str
    answer: str
    asked: Section


def read_answers(path: Path = QUESTIONS) -> dict[str, str]:
    """Heading to answer, in the order of the file. Every `## ` heading must have exactly one paragraph."""
    answers: dict[str, str] = {}
    for block in path.read_text().split("\n## ")[1:]:
        heading, _, body = block.partition("\n")
        answer = body.strip()
        if not answer or "\n" in answer or heading in answers:
            raise ValueError(f"docs/questions.md: {heading!r} needs one answer of one paragraph, once")
        answers[heading] = answer
    return answers


@cache
def facts() -> tuple[Fact, ...]:
    """Join answers and phrases; a question on one side only is an error, so that neither can be forgotten."""
    answers = read_answers()
    sections = {section.heading: section for section in read_sections(FOLDER / "paraphrases.txt")}
    if answers.keys() != sections.keys():
        raise ValueError(f"only on one side: {sorted(answers.keys() ^ sections.keys())}")
    return tuple(Fact(question, answer, sections[question]) for question, answer in answers.items())
