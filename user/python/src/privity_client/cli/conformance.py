"""`privity conformance`: the cases of a vector folder; 0 only if every one has its expected outcome."""

import json
from collections import Counter
from pathlib import Path

from privity_protocol.errors import Malformed

from privity_client.conformance.cases import CaseResult
from privity_client.errors import ClientError, Exit


def crypto(folder: Path, as_json: bool) -> int:
    """Run the channel's cases and print counts per file."""
    from privity_client.conformance.crypto import run, uncovered

    _folder(folder)
    return _show(run(folder), uncovered(folder), as_json)


def attestation(folder: Path, as_json: bool) -> int:
    """Judge the evidence of a folder and print counts per kind."""
    from privity_client.conformance.attestation import run

    _folder(folder)
    try:
        report = run(folder)
    except (Malformed, ValueError, KeyError, TypeError, OSError) as error:
        raise ClientError("file_unreadable", f"{folder}/index.json ({type(error).__name__})") from error
    return _show(report.results, report.not_checked, as_json)


def _folder(folder: Path) -> None:
    if not folder.is_dir():
        raise ClientError("file_unreadable", f"{folder}: not a folder")


def _show(results: list[CaseResult], skipped: dict[str, str], as_json: bool) -> int:
    wrong = [result for result in results if not result.ok]
    if as_json:
        cases = [
            {"file": one.file, "case": one.case, "expected": one.expected, "got": one.got, "ok": one.ok}
            for one in results
        ]
        print(json.dumps({"ok": bool(results) and not wrong, "cases": cases, "not_checked": skipped}))
    else:
        counts, failed = Counter(one.file for one in results), Counter(one.file for one in wrong)
        for name in sorted(counts):
            print(f"{'✗' if failed[name] else '✓'} {name}: {counts[name] - failed[name]} of {counts[name]}")
        for one in wrong[:20]:
            print(f"✗ {one.file} {one.case}: expected {one.expected}, got {one.got}")
        for name, reason in skipped.items():
            print(f"– {name}: not checked, {reason}")
        print(f"{len(results) - len(wrong)} of {len(results)} cases as expected")
    # A folder without a single case proves nothing, so it is no success.
    return int(Exit.FAILED if wrong or not results else Exit.OK)
