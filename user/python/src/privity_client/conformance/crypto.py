"""Runs the cases of a folder laid out like the shared crypto vectors, and says what each came to."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from privity_client.conformance import hybrid, known_answers, tokens, transparency, wycheproof
from privity_client.conformance.cases import CaseResult, Judge

__all__ = ["NOT_YET", "CaseResult", "run", "uncovered"]

JUDGES: Final[dict[str, Judge]] = {
    **hybrid.JUDGES,
    **wycheproof.JUDGES,
    **known_answers.JUDGES,
    **transparency.JUDGES,
    **tokens.JUDGES,
}
NOT_YET: Final = {
    "privacypass/arc-draft-p256.json": "ARC is not used in version 1",
    "noise-optional": "there is no Noise fallback",
}
"""Folders and files whose subject Privity does not have: they are named as not checked, never as passed."""


def run(folder: Path) -> list[CaseResult]:
    """Run every case of every file in `folder` that has a judge.

    A file that no judge knows and that is not in `NOT_YET`, or that cannot be read, is a failed case of its own.
    """
    root = _root(folder)
    return [result for path in _files(root) for result in _results(path, root)]


def uncovered(folder: Path) -> dict[str, str]:
    """Files that were not checked, with the reason."""
    root = _root(folder)
    names = [path.relative_to(root) for path in _files(root)]
    reasons = {name.as_posix(): _reason(name.as_posix()) for name in names}
    return {name: reason for name, reason in reasons.items() if reason is not None}


def _reason(name: str) -> str | None:
    return NOT_YET.get(name, NOT_YET.get(name.split("/", maxsplit=1)[0]))


def _root(folder: Path) -> Path:
    # Both the folder of all vectors and its part for cryptography are accepted.
    inner = folder / "crypto"
    return inner if inner.is_dir() else folder


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.json"))


def _results(path: Path, folder: Path) -> Iterator[CaseResult]:
    name = path.relative_to(folder).as_posix()
    if _reason(name) is not None:
        return
    if name not in JUDGES:
        yield CaseResult(name, "file", "a known file", "unknown", False)
        return
    try:
        cases = list(JUDGES[name](json.loads(path.read_text())))
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        yield CaseResult(name, "file", "readable", f"unreadable: {type(error).__name__}", False)
        return
    for case, expected, work in cases:
        try:
            got = work()
        except Exception as error:  # any escape is a failed case, not a crash of the runner
            got = f"{type(error).__name__}: {error}"
        yield CaseResult(name, case, expected, got, got == expected)
    if not cases:
        yield CaseResult(name, "file", "cases", "none", False)
