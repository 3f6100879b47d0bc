"""Cases of vectors/bulletin: one change to an honest bulletin at a time."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import cases_leaves
import log_material as m
import naive
from log_form import Case, case
from privity_protocol import canonical
from privity_tlog import bulletin, checkpoint, merkle
from privity_tlog.bulletin import Bulletin, Entry, Section
from privity_tlog.leaves import trust
from privity_tlog.limits import MAX_APPRAISAL, MAX_BULLETIN, MAX_POSTED

Members = dict[str, Any]
KEYS = "log.example/keys"
KEYS_LOG = m.Signer(KEYS, m.NOTE_ED25519)
POLICY = m.POLICY.replace(b"witness a", f"log {KEYS_LOG.vkey}\nwitness a".encode(), 1)
APPRAISAL = b'{"any":"policy"}'
LOGGED = trust.encode(trust.Trust(m.NOW, m.POLICY.decode(), sha256(APPRAISAL).digest(), None))
RELEASES = [canonical.encode({"t": "release", "v": 1, "version": str(number)}) for number in range(2)]
DIRECTORY = canonical.encode({"t": "directory", "v": 1})
FLEET, REVOKED = cases_leaves.HONEST["fleet"], cases_leaves.HONEST["revocations"]
RARE = [LOGGED, FLEET, RELEASES[0], REVOKED, RELEASES[1], cases_leaves.HONEST["web"]]
HOURLY = [cases_leaves.HONEST["issuers"], DIRECTORY]
QUORUM = (m.ALPHA, m.BETA)


def section(leaves: list[bytes], log: m.Signer, *, shown: list[int] | None = None, signers: Any = QUORUM) -> Section:
    """What is posted of a log that holds `leaves`."""
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    head = checkpoint.Checkpoint(log.key.name, len(leaves), merkle.root_of(hashes))
    note = m.written(head, [log.line(head), *(one.line(head) for one in signers)])
    places = range(len(leaves)) if shown is None else shown
    return Section(note, tuple(Entry(leaves[at], at, tuple(naive.inclusion(hashes, at))) for at in places))


RELEASE = section(RARE, m.LOG)
HONEST = Bulletin(APPRAISAL, RELEASE, section(HOURLY, KEYS_LOG))
_TEXT = bulletin.encode(HONEST)
_ENTRIES = [_TEXT.index(b'"entries":['), _TEXT.index(b']},"release"')]
BLOBS = {
    "bulletin_policy": POLICY,
    "bulletin_keys": _TEXT[_ENTRIES[0] : _ENTRIES[1]],
    "bulletin_release": _TEXT[_TEXT.index(b'"entries":[', _ENTRIES[1]) : -len(b']},"t":"bulletin","v":1}')],
    **{f"bulletin_{name}": canonical.base64url_encode(data).encode() for name, data in (
        ("release_head", RELEASE.checkpoint), ("keys_head", HONEST.keys.checkpoint), ("fleet", FLEET),
        ("policy_leaf", LOGGED), ("revocations", REVOKED), ("web", RARE[5]), ("issuers", HOURLY[0]),
    )},
}  # fmt: skip


def bulletin_cases() -> list[Case]:
    return [*_forms(), *_whole(), *_places()]


def _changed(change: Callable[[Members], object]) -> bytes:
    value: Any = canonical.decode(bulletin.encode(HONEST), max_bytes=MAX_BULLETIN)
    change(value)
    return canonical.encode(value)


def _forms() -> list[Case]:
    def first(name: str, value: object) -> Callable[[Members], object]:
        return lambda one: one["release"]["entries"][0].__setitem__(name, value)

    many = {"index": 0, "leaf": "AA", "path": []}
    bad: list[tuple[str, str, Callable[[Members], object], str]] = [
        ("version", "another version", lambda one: one.update(v=2), "member_value"),
        ("kind", "another kind", lambda one: one.update(t="directory"), "member_value"),
        ("member", "a member more", lambda one: one.update(more=1), "unknown_member"),
        ("no-keys", "no second log", lambda one: one.pop("keys"), "missing_member"),
        ("appraisal-empty", "an empty policy", lambda one: one.update(appraisal=""), "member_value"),
        ("appraisal-padded", "padded base64url", lambda one: one.update(appraisal="AA=="), "member_value"),
        ("appraisal-bits", "spare bits", lambda one: one.update(appraisal="AB"), "member_value"),
        ("appraisal-number", "a policy that is a number", lambda one: one.update(appraisal=7), "member_type"),
        ("appraisal-large", "a policy with one byte too many",
         lambda one: one.update(appraisal=canonical.base64url_encode(bytes(MAX_APPRAISAL + 1))), "member_value"),
        ("section-list", "a section that is a list", lambda one: one.update(keys=[]), "member_type"),
        ("section-member", "a member more in a section", lambda one: one["keys"].update(size=2), "unknown_member"),
        ("checkpoint-empty", "an empty note", lambda one: one["keys"].update(checkpoint=""), "member_value"),
        ("entries-object", "entries that are no list", lambda one: one["keys"].update(entries={}), "member_type"),
        ("entries-order", "entries in another order", lambda one: one["release"]["entries"].reverse(), "member_value"),
        ("entries-twice", "an entry twice",
         lambda one: one["keys"].update(entries=one["keys"]["entries"][:1] * 2), "member_value"),
        ("entries-many", "one entry too many",
         lambda one: one["keys"].update(entries=[{**many, "index": at} for at in range(MAX_POSTED + 1)]),
         "member_value"),
        ("entry-member", "a member more in an entry", first("hash", "AA"), "unknown_member"),
        ("leaf-empty", "an empty leaf", first("leaf", ""), "member_value"),
        ("leaf-large", "a leaf that no log can hold", first("leaf", canonical.base64url_encode(bytes(65_536))),
         "member_value"),
        ("index-negative", "a negative index", first("index", -1), "member_value"),
        ("index-text", "an index in words", first("index", "0"), "member_type"),
        ("path-short", "a hash of 31 bytes", first("path", [canonical.base64url_encode(bytes(31))]), "member_value"),
        ("path-hex", "a hash in hexadecimal", first("path", ["00" * 32]), "member_value"),
        ("path-long", "64 hashes", first("path", [canonical.base64url_encode(bytes(32))] * 64), "member_value"),
    ]  # fmt: skip
    return [
        case("form-honest", "an honest bulletin", "decode_bulletin", ..., data=bulletin.encode(HONEST)),
        *(case(f"form-{end}", what, "decode_bulletin", reason, data=_changed(change))
          for end, what, change, reason in bad),
        case("form-empty", "nothing", "decode_bulletin", "not_canonical", data=b""),
        case("form-spaced", "a space", "decode_bulletin", "not_canonical",
             data=bulletin.encode(HONEST).replace(b":", b": ", 1)),
        case("form-too-large", "more than a bulletin may have", "decode_bulletin", "too_large",
             data=b" " * (MAX_BULLETIN + 1)),
    ]  # fmt: skip


def _release(leaves: list[bytes], **more: Any) -> Bulletin:
    return replace(HONEST, release=section(leaves, m.LOG, **more))


def _hourly(leaves: list[bytes], **more: Any) -> Bulletin:
    return replace(HONEST, keys=section(leaves, KEYS_LOG, **more))


def _whole() -> list[Case]:
    entries = RELEASE.entries
    moved = replace(entries[1], path=entries[0].path)
    foreign = replace(entries[1], leaf=FLEET.replace(b"rented", b"bought", 1))
    another = replace(HONEST, keys=RELEASE)
    bad = [
        ("path", "the path of another entry", _with(entries[0], moved), "inclusion"),
        ("leaf", "a leaf that is not in the log", _with(entries[0], foreign), "inclusion"),
        ("no-policy", "no policy leaf", _release(RARE, shown=[1, 3]), "leaf_missing"),
        ("no-fleet", "no fleet leaf", _release(RARE, shown=[0, 3]), "leaf_missing"),
        ("no-revocations", "no revocations leaf", _release(RARE, shown=[0, 1]), "leaf_missing"),
        ("no-directory", "no directory", _hourly(HOURLY, shown=[0]), "leaf_missing"),
        ("policy-twice", "two policies", _release([*RARE, LOGGED]), "leaf_repeated"),
        ("fleet-twice", "two fleets", _release([*RARE, FLEET]), "leaf_repeated"),
        ("revocations-twice", "two lists of revocations", _release([*RARE, REVOKED]), "leaf_repeated"),
        ("directory-twice", "two directories", _hourly([*HOURLY, DIRECTORY]), "leaf_repeated"),
        ("appraisal", "another appraisal policy", replace(HONEST, appraisal=b"{}"), "appraisal_policy"),
        ("quorum", "a release log with one witness short", _release(RARE, signers=[m.ALPHA]), "witness_quorum"),
        ("keys-quorum", "a keys log with one witness short", _hourly(HOURLY, signers=[m.BETA]), "witness_quorum"),
        ("foreign", "a foreign witness", _hourly(HOURLY, signers=[m.BETA, m.FOREIGN]), "witness_quorum"),
        ("one-log", "the release log twice", another, "log_unknown"),
        ("no-leaf", "a leaf that is no JSON", _release([*RARE, b"words"]), "not_canonical"),
        ("fleet-malformed", "a logged fleet that none is", _release([LOGGED, b'{"t":"fleet","v":1}', REVOKED]),
         "missing_member"),
    ]  # fmt: skip
    return [
        _verified("honest", "an honest bulletin", HONEST, ...),
        _verified("least", "only what must be there", replace(_release(RARE, shown=[0, 1, 3]),
                  keys=section(HOURLY, KEYS_LOG, shown=[1])), ...),
        *(_verified(end, what, given, reason) for end, what, given, reason in bad),
    ]  # fmt: skip


def _with(*entries: Entry) -> Bulletin:
    return replace(HONEST, release=Section(RELEASE.checkpoint, entries))


def _verified(end: str, what: str, given: Bulletin, expect: object) -> Case:
    return case(f"whole-{end}", what, "verify_bulletin", expect, **_given(given))


def _given(one: Bulletin) -> dict[str, Any]:
    return {"data": bulletin.encode(one), "policy": POLICY, "release": m.ORIGIN, "keys": KEYS}


def _places() -> list[Case]:
    rows: list[tuple[str, str, Members, object]] = [
        ("first", "nothing remembered", {}, ...),
        ("same", "the same leaves again", {"policy": 0, "fleet": 1, "revocations": 3, "directory": 1}, ...),
        ("newer", "newer leaves than remembered", {"revocations": 2, "directory": 0}, ...),
        ("older", "older revocations than remembered", {"revocations": 4}, "leaf_rolled_back"),
        ("older-directory", "an older directory than remembered", {"directory": 2}, "leaf_rolled_back"),
        ("absent", "issuers remembered that are posted no more", {"later-kind": 9}, ...),
    ]
    return [
        case(
            f"places-{end}",
            what,
            "advance_places",
            expect,
            known=[list(one) for one in known.items()],
            **_given(HONEST),
        )
        for end, what, known, expect in rows
    ]
