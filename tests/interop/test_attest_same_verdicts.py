"""Python and TypeScript judge alike: the same tables of checks, the same readers, the same records, bit by bit."""

import random
from typing import Any

import pytest
from alike import altered, flipped, read_alike, same_records
from privity_attest import checks, cose, memory
from privity_attest.appraise import EXCUSES
from privity_attest.defaults import default_document
from privity_attest.errors import REASONS
from privity_attest.kinds import KINDS
from privity_attest.memory import Memory
from privity_attest.nvidia import table
from privity_attest.simulated import document
from privity_attest.testing.bundle import NOW, Enclave, default_policy
from privity_protocol import canonical, evidence

SEED = 20_261_125
HONEST = Enclave().build()
NONCE = bytes(range(32))
POLICY = default_document(
    now=NOW, deployment="local", allow_simulated=True, roots=default_policy().trust_anchors.simulated
)
GIVEN: dict[str, Any] = {"spelled": canonical.encode(POLICY), "now": NOW}
FLIPS_PER_ITEM = 60
STRIDE = 41
"""Of the container every so many bytes is changed; inside items it is a fixed number of draws."""


def rows(made: tuple[checks.Check, ...]) -> list[Any]:
    return [[one.name, one.item, one.stage, sorted(one.reasons), list(one.reads), list(one.needs)] for one in made]


@pytest.fixture
def tables(verifier: Any) -> dict[str, Any]:
    answer: dict[str, Any] = verifier.ask("tables")
    return answer


def test_the_reasons_are_the_same_in_the_same_order(tables: dict[str, Any]) -> None:
    assert [(stage, tuple(codes)) for stage, codes in tables["reasons"].items()] == list(REASONS.items())


def test_both_judge_the_same_kinds(tables: dict[str, Any]) -> None:
    assert list(tables["tables"]) == list(KINDS)
    assert tables["not_built"] == rows(checks.NOT_BUILT)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_table_of_checks_is_the_same(kind: str, tables: dict[str, Any]) -> None:
    theirs, ours = tables["tables"][kind], KINDS[kind]
    assert theirs["table"] == rows(checks.table_of(ours.checks))
    assert theirs["run"] == sorted(ours.run)
    assert tables["excused"] == dict(EXCUSES)
    assert theirs["claims"] == {name: [one.item, sorted(one.needs)] for name, one in ours.claims.items()}


def test_the_checks_of_devices_are_the_same(tables: dict[str, Any]) -> None:
    assert tables["devices"] == rows(table.checks_of(("gpu-0", "switch-3")))
    assert len(tables["devices"]) > 20


def test_an_honest_bundle_and_a_challenge_give_the_same_record(verifier: Any) -> None:
    assert same_records(verifier, [HONEST.data], **GIVEN) == {"accepted_as_simulated"}
    answer = Enclave(nonce=NONCE).build()
    assert same_records(verifier, [answer.data], nonce=NONCE, key=answer.node.pk, **GIVEN) == {"accepted_as_simulated"}


def test_a_changed_container_gives_the_same_record(verifier: Any) -> None:
    drawn = random.Random(SEED)
    places = range(drawn.randrange(STRIDE), len(HONEST.data), STRIDE)
    bundles = [flipped(HONEST.data, at, drawn.randrange(8)) for at in places]
    met = same_records(verifier, [*bundles, b"", HONEST.data[:-1], HONEST.data + b"}", bytes(600_000)], **GIVEN)
    assert met >= {"bundle_not_canonical", "document_signature", "binding_mismatch", "bundle_too_large"}


@pytest.mark.parametrize("label", sorted(HONEST.items))
def test_a_changed_item_gives_the_same_record(label: str, verifier: Any) -> None:
    drawn = random.Random(f"{SEED} {label}")
    media_type, original = HONEST.items[label]
    limit = evidence.LABELS[label].limit
    bundles = [
        evidence.encode({**HONEST.items, label: (media_type, altered(original, drawn)[:limit])})
        for _ in range(FLIPS_PER_ITEM)
    ]
    assert "accepted_as_simulated" not in same_records(verifier, bundles, **GIVEN)


def samples() -> dict[str, list[bytes]]:
    """Good inputs of each reader."""
    items = {label: data for label, (_, data) in HONEST.items.items()}
    sim = document.decode(cose.decode(items["cpu"]).payload)
    remembered = Memory().with_policy("local", 3).with_seen([("crl_numbers", "a", 7)]).with_challenge("00" * 32, NOW)
    return {
        "x509": [sim.certificate, *sim.cabundle],
        "cose": [items["cpu"]],
        "event_log": [items["runtime-log"]],
        "policy": [canonical.encode(POLICY)],
        "release": [items["release"]],
        "models": [items["models"]],
        "memory": [memory.encode(remembered)],
    }


@pytest.mark.parametrize("reader", sorted(samples()))
def test_a_reader_accepts_the_same_bytes(reader: str, verifier: Any) -> None:
    drawn = random.Random(f"{SEED} {reader}")
    for good in samples()[reader]:
        assert read_alike(verifier, reader, [good]) == 1
        every_byte = [flipped(good, at, drawn.randrange(8)) for at in range(len(good))]
        read_alike(verifier, reader, every_byte[:3000])
        read_alike(verifier, reader, [altered(good, drawn) for _ in range(300)])
