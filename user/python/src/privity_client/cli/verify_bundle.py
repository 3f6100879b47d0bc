"""`privity verify-bundle`: saved evidence, judged offline at a time of the person's choice."""

import json
import os
import re
from dataclasses import dataclass, replace
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
from privity_client.serve.home import home_path
from privity_client.trust import pins, saved_evidence, standing
from privity_client.trust.saved_evidence import MAX_SAVED, SavedEvidence
from privity_client.user_policy import read_policy

SAVED = "saved"
"""The time at which the evidence was saved; a bare bundle does not know it."""


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
    data = read(saved.file)
    with_logs = saved_evidence.decode(data) if saved_evidence.is_one(data) else None
    now = with_logs.time if with_logs is not None and saved.at == SAVED else moment(saved.at)
    bundle = data if with_logs is None else with_logs.bundle
    opinion = second_opinion(bundle, now=now) if saved.second_opinion else None
    try:
        record = judged(saved, bundle, now) if with_logs is None else judged_with_logs(saved, with_logs, now)
    except EvidenceRefused as refused:
        _show(saved, refused.record, opinion)
        return int(Exit.MALFORMED if _is_malformed(refused.record) else Exit.REFUSED)
    _show(saved, record, opinion)
    return int(Exit.REFUSED if is_contradicted(opinion) else Exit.OK)


def judged(saved: Saved, bundle: bytes, now: int) -> dict[str, object]:
    """Return the record of a bare bundle as of `now`. Raises EvidenceRefused."""
    verifier = LocalAppraiser(saved.deployment or DEPLOYMENT, _consent(saved), policy=_policy(saved), earliest=0)
    return verifier.appraise(_without_logs(bundle), now=now).record.to_json()


def judged_with_logs(saved: Saved, evidence_: SavedEvidence, now: int) -> dict[str, object]:
    """Return the record under the pin that this person has of the server: by that alone the file's logs are believed.

    Raises EvidenceRefused, and ClientError as the logs do.
    """
    pin = pins.read(pins.folder(home_path(dict(os.environ)), evidence_.server))
    if pin is None:
        raise ClientError("not_pinned", evidence_.server)
    found = saved_evidence.establish(evidence_, pin, now=now)
    listed = saved_evidence.listed(evidence_, found)
    logged = standing.judge(found, evidence_.bundle, listed, now=now, paths=evidence_.paths)
    logged = replace(logged, earliest=0)
    verifier = LocalAppraiser(pin.deploy, _consent(saved), policy=_policy(saved), earliest=0)
    base = standing.base_policy(found, verifier.roots)
    return verifier.appraise(evidence_.bundle, now=now, logged=logged, base=base).record.to_json()


def _consent(saved: Saved) -> Consent:
    return granted(saved.development_root) if saved.allow_simulated else Refuse()


def _policy(saved: Saved) -> bytes | None:
    return None if saved.policy is None else read_policy(saved.policy)


def moment(text: str) -> int:
    """Return Unix seconds of `now`, Unix seconds, or an ISO 8601 time (UTC unless it says otherwise).

    Raises ClientError `misuse`.
    """
    if text == "now":
        return unix_time()
    if text == SAVED:
        raise ClientError("misuse", "a bare bundle does not say when it was judged: give --at TIME")
    if re.fullmatch("[0-9]{1,11}", text):
        return int(text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise ClientError("misuse", f"--at {text}: a time is written like 2026-11-25T20:30:00Z") from error
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


def read(path: Path, most: int = max(MAX_BUNDLE, MAX_SAVED)) -> bytes:
    """Return a file, or as much of it as shows that it is longer than `most` bytes. Raises ClientError."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
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
