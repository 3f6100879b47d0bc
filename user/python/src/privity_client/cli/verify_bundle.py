"""`privity verify-bundle`: saved evidence, judged offline at a time of the person's choice."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from privity_attest.kind import PROOFS
from privity_protocol import bundle as writer
from privity_protocol import evidence
from privity_protocol.errors import Malformed
from privity_protocol.limits import MAX_BUNDLE
from rich.console import Console

from privity_client.appraisal import Consent, LocalAppraiser, Refuse
from privity_client.channel import unix_time
from privity_client.cli.connection import DEPLOYMENT, granted
from privity_client.cli.failure import BANNER
from privity_client.cli.opinion import is_contradicted, opinion_members, show_opinion
from privity_client.cli.record import render
from privity_client.errors import ClientError, EvidenceRefused, Exit
from privity_client.second_opinion import NoOpinion, Opinion, second_opinion
from privity_client.user_policy import read_policy


@dataclass(frozen=True)
class Saved:
    """The command line of `privity verify-bundle`."""

    file: Path
    at: str
    json: bool
    allow_simulated: bool
    development_root: Path | None
    policy: Path | None
    deployment: str
    second_opinion: bool


def verify_bundle(saved: Saved) -> int:
    """Judge the file; return 0 when it was accepted at that time. Raises ClientError with the reason."""
    now = moment(saved.at)
    policy = None if saved.policy is None else read_policy(saved.policy)
    consent: Consent = granted(saved.development_root) if saved.allow_simulated else Refuse()
    data = _read(saved.file)
    opinion = second_opinion(data, now=now) if saved.second_opinion else None
    verifier = LocalAppraiser(saved.deployment or DEPLOYMENT, consent, policy=policy, earliest=0)
    try:
        record = verifier.appraise(_without_logs(data), now=now).record.to_json()
    except EvidenceRefused as refused:
        _show(saved, refused.record, opinion)
        return int(Exit.MALFORMED if _is_malformed(refused.record) else Exit.REFUSED)
    _show(saved, record, opinion)
    return int(Exit.REFUSED if is_contradicted(opinion) else Exit.OK)


def moment(text: str) -> int:
    """Return Unix seconds of `now`, Unix seconds, or an ISO 8601 time (UTC unless it says otherwise).

    Raises ClientError `misuse`.
    """
    if text == "now":
        return unix_time()
    if re.fullmatch("[0-9]{1,11}", text):
        return int(text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise ClientError("misuse", f"--at {text}: a time is written like 2026-11-25T20:30:00Z") from error
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BUNDLE + 1)
    except OSError as error:
        raise ClientError("file_unreadable", f"{path}: {error.strerror}") from error


def _without_logs(data: bytes) -> bytes:
    """Return a test enclave's bundle without the two items that only its logs can judge: the record names their checks.

    Bundles of other kinds stay as they are: without their logs they are refused.
    """
    try:
        items = evidence.decode(data).items
    except Malformed:
        return data
    if items.keys().isdisjoint(PROOFS) or "cpu" not in items or items["cpu"].media_type != "sim-document":
        return data
    return writer.encode({name: (one.media_type, one.data) for name, one in items.items() if name not in PROOFS})


def _is_malformed(record: dict[str, object]) -> bool:
    reasons = record.get("reasons")
    first = str(reasons[0]) if isinstance(reasons, list) and reasons else ""
    return first.startswith(("bundle_", "item_", "media_type", "indicator", "malformed"))


def _show(saved: Saved, record: dict[str, object], opinion: Opinion | NoOpinion | None) -> None:
    if saved.json:
        simulated = bool(record.get("simulated"))
        notice = BANNER if simulated else None
        members = {"simulated": simulated, "notice": notice, "record": record}
        print(json.dumps({**members, "second_opinion": opinion_members(opinion)}, ensure_ascii=False))
    else:
        console = Console(highlight=False)
        render(console, record)
        show_opinion(console, opinion)
