"""`privity verify`: every listed node's evidence, appraised, with a fresh challenge, and every check shown."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from privity_protocol.errors import PrivityError
from rich.console import Console
from rich.text import Text

from privity_client.appraisal import Consent, LocalAppraiser, Refuse
from privity_client.challenge import challenge
from privity_client.channel import unix_time
from privity_client.cli.connection import granted, person_agrees, relay_of
from privity_client.cli.failure import BANNER, text
from privity_client.cli.log_facts import LogFacts, facts, members, show_logs
from privity_client.cli.opinion import is_contradicted, opinion_members, show_opinion
from privity_client.cli.record import render
from privity_client.discovery import Discovery
from privity_client.errors import ClientError, EvidenceRefused, Exit, words_for
from privity_client.nodes import VerifiedNode
from privity_client.printable import clean
from privity_client.relayed.relay import Relay
from privity_client.relayed.way import hides, open_client, through, words
from privity_client.second_opinion import NoOpinion, Opinion, second_opinion
from privity_client.serve.home import home_path
from privity_client.trust import saved_evidence
from privity_client.trust.server import reach
from privity_client.user_policy import read_policy


@dataclass(frozen=True)
class Question:
    """The command line of `privity verify`."""

    url: str
    json: bool
    allow_simulated: bool
    development_root: Path | None
    challenge: bool
    policy: Path | None
    save: Path | None
    second_opinion: bool
    relay: str = ""


@dataclass(frozen=True)
class Judged:
    """One listed node: verified, or the error; whether its key answered a fresh challenge; and its bundle."""

    digest: str
    node: VerifiedNode | None
    error: PrivityError | None
    bundle: bytes
    evidence: bytes
    fresh: bool = False
    opinion: Opinion | NoOpinion | None = None


def verify(question: Question) -> int:
    """Run the command; return 0 when every listed node was accepted, else the exit code of the first failure."""
    policy = None if question.policy is None else read_policy(question.policy)
    relay = relay_of(question.url, question.relay)
    consent: Consent = granted(question.development_root) if question.allow_simulated else Refuse()
    with through(relay):
        judged, logs = asyncio.run(judge(question, policy, consent, relay))
    if not question.json and not question.allow_simulated and _asks_for_consent(judged) and person_agrees():
        judged, logs = asyncio.run(judge(question, policy, granted(question.development_root), relay))
    if not judged:
        raise ClientError("no_node", "the directory lists none")
    saved = [] if question.save is None else save(question.save, judged)
    if question.json:
        print(json.dumps(_document(question.url, relay, judged, saved, logs), ensure_ascii=False))
    else:
        console = Console(highlight=False)
        hidden = hides(question.url, relay)
        console.print(Text(clean(words(question.url, relay)), style="green" if hidden else "dim"))
        _show(console, question, judged, saved, logs)
    errors = [one.error for one in judged if one.error is not None]
    if errors:
        return int(words_for(errors[0]).exit)
    return int(Exit.REFUSED if any(is_contradicted(one.opinion) for one in judged) else Exit.OK)


async def judge(
    question: Question, policy: bytes | None, consent: Consent, relay: Relay | None = None
) -> tuple[list[Judged], LogFacts]:
    """Return the verdict on every listed node, and what was checked of the logs."""
    async with open_client(question.url, relay) as client:
        trust = await reach(client, question.url, home_path(dict(os.environ)))
        verifier = LocalAppraiser(trust.pin.deploy, consent, policy=policy)
        source = Discovery(client, question.url, verifier, clock=unix_time, entropy=os.urandom, trust=trust)
        judged = []
        for listed, bundle in await source.bundles():
            fresh = False
            kept = saved_evidence.encode(await trust.saved(bundle, now=unix_time()))
            opinion = second_opinion(bundle, now=unix_time()) if question.second_opinion else None
            try:
                node = await source.judge(bundle, listed, unix_time())
                if question.challenge:
                    await challenge(client, node, verifier, now=unix_time(), entropy=os.urandom, trust=trust)
                    fresh = True
            except PrivityError as error:
                judged.append(Judged(listed.nd.hex(), None, error, bundle, kept, opinion=opinion))
            else:
                judged.append(Judged(listed.nd.hex(), node, None, bundle, kept, fresh, opinion))
        return judged, facts(trust, now=unix_time())


def save(path: Path, judged: list[Judged]) -> list[Path]:
    """Write each node's evidence with the bulletin that it was judged by: to `path`, further ones beside it with the
    node's first digits.

    Raises ClientError `output_failed`.
    """
    saved = []
    for number, one in enumerate(judged):
        target = path if number == 0 else path.with_name(f"{path.stem}-{one.digest[:8]}{path.suffix}")
        try:
            target.write_bytes(one.evidence)
        except OSError as error:
            raise ClientError("output_failed", f"{target}: {error.strerror}") from error
        saved.append(target)
    return saved


def _asks_for_consent(judged: list[Judged]) -> bool:
    return any(one.error is not None and one.error.reason == "simulated_not_allowed" for one in judged)


def _document(
    url: str, relay: Relay | None, judged: list[Judged], saved: list[Path], logs: LogFacts
) -> dict[str, object]:
    simulated = any(_simulated(one) for one in judged)
    return {
        "url": url,
        "relay": None if relay is None else {"name": relay.name, "url": relay.url},
        "address_hidden": hides(url, relay),
        "simulated": simulated,
        "notice": BANNER if simulated else None,
        "logs": members(logs),
        "nodes": [_member(one) for one in judged],
        "saved": [str(path) for path in saved],
    }


def _simulated(one: Judged) -> bool | None:
    """Return whether the node is a test enclave; None where its evidence could not be read at all."""
    if one.node is not None:
        return one.node.simulated
    if isinstance(one.error, EvidenceRefused):
        return bool(one.error.record.get("simulated"))
    return True if one.error is not None and one.error.reason == "simulated_not_allowed" else None


def _member(one: Judged) -> dict[str, object]:
    if one.node is not None:
        return {
            "node": one.digest,
            "accepted": True,
            "simulated": one.node.simulated,
            "challenged": one.fresh,
            "record": one.node.record,
            "second_opinion": opinion_members(one.opinion),
        }
    assert one.error is not None
    return {
        "node": one.digest,
        "accepted": False,
        "simulated": _simulated(one),
        "reason": one.error.reason,
        "detail": one.error.detail,
        "record": one.error.record if isinstance(one.error, EvidenceRefused) else None,
        "second_opinion": opinion_members(one.opinion),
    }


def _show(console: Console, question: Question, judged: list[Judged], saved: list[Path], logs: LogFacts) -> None:
    show_logs(console, logs)
    for one in judged:
        console.print(Text(f"{question.url} · node {one.digest[:8]}", style="bold"))
        if one.node is not None:
            render(console, one.node.record, challenged=one.fresh)
        elif isinstance(one.error, EvidenceRefused):
            render(console, one.error.record)
        elif one.error is not None:
            print(text(one.error), file=sys.stderr)
        show_opinion(console, one.opinion)
        console.print()
    for path in saved:
        console.print(Text(f"Saved {path}. Check it again: privity verify-bundle {path} --at TIME", style="dim"))
