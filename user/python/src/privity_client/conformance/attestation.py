"""Runs the cases of a folder of evidence laid out like the shared attestation vectors, and says what each came to."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from privity_attest import evidence_files
from privity_attest.errors import STAGE_OF
from privity_attest.item import ItemRecord, appraise_item
from privity_attest.item_policy import item_policy
from privity_attest.policy import Policy
from privity_attest.release import Release
from privity_protocol.errors import Malformed

from privity_client.conformance import rim_values
from privity_client.conformance.cases import CaseResult

FORMAT: Final = "attestation-vectors/1"
MAX_INDEX: Final = 4 * 1024 * 1024  # bytes
DATELESS: Final = 1_795_219_200  # 2026-11-21: any time will do for evidence without dates
NOT_HERE: Final = {
    "nvidia-rim": "RIM files are judged by the operator's tool, which writes their values into releases",
}
"""Kinds of case that no client judges: named as not checked, never as passed."""
_KEY_ROLES: Final = {"psa": "iak", "cca": "platform_key"}
_FRESH: Final = frozenset(code for code in STAGE_OF if code.startswith("collateral_"))


@dataclass(frozen=True)
class Report:
    """Results of the judged cases, and the cases that were not judged with the reason."""

    results: list[CaseResult]
    not_checked: dict[str, str]


def run(folder: Path) -> Report:
    """Judge every case of `folder`/index.json. A file that is missing or changed is a failed case of its own."""
    root = folder / "attestation" if (folder / "attestation").is_dir() else folder
    index = json.loads(_read(root / "index.json", MAX_INDEX))
    if not isinstance(index, dict) or index.get("format") != FORMAT:
        raise Malformed("member_value", "index.json: format")
    report = Report([], {})
    for case in index["cases"]:
        if case["tee"] in NOT_HERE:
            report.not_checked[case["id"]] = NOT_HERE[case["tee"]]
            continue
        report.results.append(_result(root, case, index["cases"], index["files"]))
    return report


def _result(
    root: Path, case: Mapping[str, Any], cases: list[Mapping[str, Any]], files: Mapping[str, Any]
) -> CaseResult:
    expect = case["expect"]
    due = f"crypto {expect['crypto']}, {expect['default_policy']}"
    if reason := _code(expect.get("reason")):
        due += f" ({reason})"
    try:
        data = {role: _checked(root, name, files) for role, name in case["files"].items()}
        got, ok = _judged(case, data, _time(case, cases))
    except Exception as error:  # any escape is a failed case, not a crash of the runner
        got, ok = f"unreadable: {type(error).__name__}: {error}", False
    return CaseResult(case["tee"], case["id"], due, got, ok)


def _time(case: Mapping[str, Any], cases: list[Mapping[str, Any]]) -> int:
    """Return the time to judge at: the case's own, that of the case it was made from, or any."""
    own = _moment(case)
    if own is not None:
        return own
    twin = str(case["id"]).removesuffix("-flipped")
    times = (_moment(one) for one in cases if one["id"] == twin and one["tee"] == case["tee"])
    return next((time for time in times if time is not None), DATELESS)


def _moment(case: Mapping[str, Any]) -> int | None:
    """Return the time of a case in Unix seconds, from whichever of its two spellings is there."""
    if case.get("verify_as_of_unix") is not None:
        return int(case["verify_as_of_unix"])
    written = case.get("verify_as_of")
    return None if written is None else int(datetime.fromisoformat(written).timestamp())


def _judged(case: Mapping[str, Any], data: Mapping[str, bytes], now: int) -> tuple[str, bool]:
    items = evidence_files.items_of(case["tee"], data)
    release = rim_values.release_of(data["rim"]) if "rim" in data else None
    records = [_record(items, now, _policy(case["tee"], data, now), release)]
    if role := _KEY_ROLES.get(case["tee"]):
        pinned = item_policy(now, keys=(evidence_files.public_key(data[role]).hex(),))
        records.append(_record(items, now, pinned, release))
    crypto = "pass" if is_sound(records[-1]) else "fail"
    reasons = {reason.split(":")[0] for one in records for reason in one.reasons}
    full = {reason for one in records for reason in one.reasons}
    expect = case["expect"]
    verdict = "reject" if records[0].reasons else "accept"
    wanted = _code(expect.get("reason"))
    ok = crypto == expect["crypto"] and expect["default_policy"].startswith(verdict)
    if verdict == "reject" and wanted:
        ok = ok and (wanted in full or wanted in reasons)
    return f"crypto {crypto}, {verdict} ({', '.join(records[-1].reasons) or 'no reason'})", ok


def _policy(tee: str, data: Mapping[str, bytes], now: int) -> Policy:
    """Return the item policy, which lets an imitation in under the key that lies beside it and no other."""
    if tee != "sim-tpm":
        return item_policy(now)
    pin = hashlib.sha256(evidence_files.public_key(data["ak"])).hexdigest()
    return item_policy(now, allow_simulated=True, roots=(pin,))


def is_sound(record: ItemRecord) -> bool:
    """Return whether signatures, chains, dates and collateral hold, whatever a policy thinks of the platform."""
    return record.genuine and not any(reason.split(":")[0] in _FRESH for reason in record.reasons)


def _record(items: Mapping[str, tuple[str, bytes]], now: int, policy: Policy, release: Release | None) -> ItemRecord:
    return appraise_item(items, now=now, policy=policy, release=release)


def _code(reason: object) -> str:
    return str(reason).split(" ")[0] if reason else ""


def _checked(root: Path, name: str, files: Mapping[str, Any]) -> bytes:
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()):
        raise Malformed("member_value", f"{name} lies outside the folder")
    data = _read(path, evidence_files.MAX_FILE)
    listed = files.get(name)
    if listed is not None and hashlib.sha256(data).hexdigest() != listed["sha256"]:
        raise Malformed("member_value", f"{name} is not the file that the index names")
    return data


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise Malformed("member_value", f"{path.name} is too large")
    return data
