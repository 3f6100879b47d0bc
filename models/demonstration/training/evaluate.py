"""Put the examination to a GGUF file and write down the score of every row."""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from training.examination import Question, examination

FOLDER = Path(__file__).parents[1]
FLOORS = {
    "product questions": 0.95,
    "memory over turns": 0.90,
    "text rewriting": 0.80,
    "honest refusal": 0.90,
}


def answers(model: Path, questions: Iterable[Question], timeout: float = 1800) -> list[str]:
    """Ask the model in a child process."""
    asked = "".join(json.dumps(question.messages) + "\n" for question in questions)
    command = [sys.executable, "-m", "training.answering", str(model)]
    done = subprocess.run(  # noqa: S603
        command, input=asked, capture_output=True, text=True, cwd=FOLDER, timeout=timeout, check=False
    )
    replies = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('"')]
    if done.returncode or len(replies) != asked.count("\n"):
        raise RuntimeError(f"the engine ended with {done.returncode} after {len(replies)} answers")
    return replies


def scores(questions: list[Question], replies: list[str], by: str = "row") -> dict[str, tuple[int, int]]:
    """Right and asked, for each row or each detail."""
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for question, reply in zip(questions, replies, strict=True):
        entry = counted[getattr(question, by)]
        entry[0] += reply == question.answer
        entry[1] += 1
    return {name: (right, asked) for name, (right, asked) in counted.items()}


def table(rows: dict[str, tuple[int, int]]) -> str:
    lines = ["| Held-out questions | Right | Of | Share | Floor |", "|---|---:|---:|---:|---:|"]
    for name, (right, asked) in rows.items():
        floor = f"{FLOORS[name]:.0%}" if name in FLOORS else "none"
        lines.append(f"| {name} | {right} | {asked} | {right / asked:.1%} | {floor} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Evaluate a GGUF file on held-out questions.")
    parser.add_argument("model", type=Path)
    parser.add_argument("--count", type=int, default=300, help="questions of each row")
    parser.add_argument("--write", type=Path, help="where evaluation.json goes")
    parser.add_argument("--mistakes", type=int, default=0, help="how many wrong answers to print")
    a = parser.parse_args()
    questions = examination(a.count)
    replies = answers(a.model.resolve(), questions)
    rows = scores(questions, replies)
    tasks = [(q, r) for q, r in zip(questions, replies, strict=True) if q.row.startswith("text rewriting")]
    details = scores([q for q, _ in tasks], [r for _, r in tasks], "detail")
    wrong = [(q, r) for q, r in zip(questions, replies, strict=True) if r != q.answer]
    for question, reply in wrong[: a.mistakes]:
        print(f"{question.row}: {question.messages[-1]['content']!r}\n  wanted {question.answer!r}\n  got    {reply!r}")
    print(table(rows), json.dumps(details), sep="\n\n")
    if a.write:
        result = {"rows": rows, "rewriting": details, "exact": True, "temperature": 0, "count": a.count}
        a.write.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
