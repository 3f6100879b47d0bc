"""Cases of vectors/leaves: one change to an honest leaf at a time."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import log_material as m
from log_form import Case, case
from privity_protocol import canonical
from privity_tlog.leaves import fleet, issuers, revocations, trust, web
from privity_tlog.limits import MAX_ENTRY

Members = dict[str, Any]


def digest(number: int) -> bytes:
    return sha256(bytes([number % 256, number // 256])).digest()


MACHINES = tuple(fleet.Machine(digest(at), "tdx", "rented", m.NOW, "invoice 7") for at in range(2))
HONEST = {
    "fleet": fleet.encode(
        fleet.Fleet("local", m.NOW, MACHINES, (fleet.FleetKey(m.ALPHA.key.public, m.BETA.key.public),))
    ),
    "policy": trust.encode(trust.Trust(m.NOW, m.POLICY.decode(), digest(1), None)),
    "revocations": revocations.encode(revocations.Revocations(m.NOW, (digest(1), digest(2)), (), (digest(3),))),
    "issuers": issuers.encode(
        issuers.Issuers(
            "local",
            m.NOW,
            (
                issuers.IssuerKey("basic", "2026-11-25", m.NOW, m.NOW + 1, b"\x30\x00"),
                issuers.IssuerKey("plus", "2026-11-25", m.NOW, m.NOW + 2, b"\x30\x01"),
            ),
        )
    ),
    "web": web.encode(web.Web("1.0", "local", {"index.html": digest(1), "assets/a.js": digest(2)})),
}
BLOBS = {"hybrid": m.BETA.key.public.hex().encode()}


def _changed(kind: str, change: Callable[[Members], object]) -> bytes:
    value: Any = canonical.decode(HONEST[kind], max_bytes=MAX_ENTRY)
    change(value)
    return canonical.encode(value)


def _set(name: str, value: object) -> Callable[[Members], object]:
    return lambda members: members.__setitem__(name, value)


def _drop(name: str) -> Callable[[Members], object]:
    return lambda members: members.pop(name)


def _within(name: str, at: int, member: str, value: object) -> Callable[[Members], object]:
    return lambda members: members[name][at].__setitem__(member, value)


def _files(count: int) -> dict[str, str]:
    return {"index.html": "00" * 32} | {f"f{number:03d}": "00" * 32 for number in range(count - 1)}


def _reversed(name: str) -> Callable[[Members], object]:
    return lambda members: members[name].reverse()


def _repeated(name: str, times: int = 2) -> Callable[[Members], object]:
    return lambda members: members.__setitem__(name, members[name][:1] * times)


def leaf_cases() -> list[Case]:
    bits = [(kind, f"honest-{kind}", f"an honest {kind} leaf", HONEST[kind], ...) for kind in HONEST]
    rows = [*bits, *_of_all(), *_of_lists(), *_of_members()]
    read = [case(f"{end}", what, "decode_leaf", expect, data=data) for _, end, what, data, expect in rows]
    return [*read, *_found_keys(), *_following_keys()]


def _found_keys() -> list[Case]:
    good = {"deploy": "local", "plan": "plus", "day": "2026-11-25", "now": m.NOW}
    rows: list[tuple[str, str, Members, object]] = [
        ("found", "the key of a plan and day", {}, ...),
        ("last-second", "in its last second", {"now": m.NOW + 1}, ...),
        ("over", "a key that is over", {"now": m.NOW + 2}, "unknown_key"),
        ("early", "a key that is not valid yet", {"now": m.NOW - 1}, "unknown_key"),
        ("plan", "a plan that is not listed", {"plan": "paid"}, "unknown_key"),
        ("day", "a day that is not listed", {"day": "2026-11-26"}, "unknown_key"),
        ("deploy", "another deployment", {"deploy": "other"}, "unknown_key"),
    ]
    leaf = HONEST["issuers"]
    return [
        case(f"issuer-{end}", what, "find_issuer", due, data=leaf, **(good | given)) for end, what, given, due in rows
    ]


def _without_the_last(time: int) -> Callable[[Members], object]:
    return lambda members: members.update(time=time, keys=members["keys"][:-1])


def _with_another_day(members: Members) -> None:
    members["keys"].append(members["keys"][-1] | {"day": "2026-11-26"})


def _following_keys() -> list[Case]:
    leaf = HONEST["issuers"]
    rows: list[tuple[str, str, bytes, object]] = [
        ("same", "the same keys", leaf, ...),
        ("over", "without a key that is over", _changed("issuers", _without_the_last(m.NOW + 2)), ...),
        (
            "not-over",
            "without a key that is not over",
            _changed("issuers", _without_the_last(m.NOW + 1)),
            "member_value",
        ),
        ("more", "a key for another day", _changed("issuers", _with_another_day), ...),
        ("other", "another key", _changed("issuers", _within("keys", 1, "spki", "3002")), "member_value"),
        ("first", "another key for the first", _changed("issuers", _within("keys", 0, "spki", "3001")), "member_value"),
    ]
    return [case(f"issuers-{end}", what, "issuers_follow", due, data=leaf, entry=new) for end, what, new, due in rows]


Row = tuple[str, str, str, bytes, object]


def _row(kind: str, end: str, what: str, change: Callable[[Members], object], expect: object) -> Row:
    return kind, f"{kind}-{end}", what, _changed(kind, change), expect


def _of_all() -> list[Row]:
    rows: list[Row] = []
    for kind, honest in HONEST.items():
        rows += [
            _row(kind, "version", "another version", _set("v", 2), "member_value"),
            _row(kind, "member", "a member more", _set("more", 1), "unknown_member"),
            _row(kind, "without-version", "no version", _drop("v"), "missing_member"),
            (kind, f"{kind}-spaced", "a space", honest.replace(b":", b": ", 1), "not_canonical"),
        ]
        if kind != "web":
            rows.append(_row(kind, "time-negative", "a negative time", _set("time", -1), "member_value"))
            rows.append(_row(kind, "time-text", "a time in words", _set("time", "now"), "member_type"))
    return [
        *rows,
        ("", "another-kind", "a kind that is not read here", b'{"t":"later-kind","v":9}', ...),
        ("", "no-kind", "no kind", b'{"v":1}', "missing_member"),
        ("", "no-object", "a list", b"[]", "missing_member"),
        ("", "kind-case", "a kind in upper case", b'{"t":"Fleet","v":1}', "member_value"),
        ("", "kind-number", "a kind that is a number", b'{"t":1,"v":1}', "member_type"),
        ("", "empty", "nothing", b"", "not_canonical"),
        ("", "too-large", "one byte too many", b" " * (MAX_ENTRY + 1), "too_large"),
    ]


def _of_lists() -> list[Row]:
    value, kind = "member_value", "member_type"
    return [
        _row("fleet", "order", "machines in another order", _reversed("platforms"), value),
        _row("fleet", "machine-twice", "a machine twice", _repeated("platforms"), value),
        _row("fleet", "too-many-keys", "nine keys", _repeated("keys", 9), value),
        _row("fleet", "key-twice", "a key twice", _repeated("keys"), value),
        _row("fleet", "no-machines", "no machine", _set("platforms", []), ...),
        _row("fleet", "machines-object", "machines that are no list", _set("platforms", {}), kind),
        _row("revocations", "order", "releases in another order", _reversed("releases"), value),
        _row("revocations", "twice", "a release twice", _repeated("releases"), value),
        _row("revocations", "empty", "nothing revoked", lambda one: [one.update(_EMPTY)], ...),
        _row("revocations", "most", "as many as fit", _set("keys", _many(300)), ...),
        _row("revocations", "too-many", "one too many", _set("keys", _many(301)), value),
        _row("issuers", "order", "plans in another order", _reversed("keys"), value),
        _row("issuers", "twice", "one plan twice on a day", _repeated("keys"), value),
        _row("issuers", "too-many", "one key too many", _repeated("keys", 65), value),
        _row("web", "most-files", "as many files as fit", _set("files", _files(500)), ...),
        _row("web", "too-many-files", "one file too many", _set("files", _files(501)), value),
        _row("policy", "too-many-lines", "one line too many", _lines(129), value),
        _row("policy", "most-lines", "as many lines as fit", _lines(128), ...),
    ]  # fmt: skip


def _lines(count: int) -> Callable[[Members], object]:
    return _set("witness_policy", ["#"] * (count - 1) + ["quorum none"])


_EMPTY: Members = {"releases": [], "keys": [], "platforms": []}


def _many(count: int) -> list[str]:
    return [number.to_bytes(32).hex() for number in range(count)]


def _of_members() -> list[Row]:
    value, kind = "member_value", "member_type"
    moderation = canonical.base64url_encode(bytes(1216))
    return [
        _row("fleet", "deploy-long", "a name of 65 characters", _set("deploy", "x" * 65), value),
        _row("fleet", "id-short", "a digest of 31 bytes", _within("platforms", 0, "id", "00" * 31), value),
        _row("fleet", "id-case", "a digest in upper case", _within("platforms", 0, "id", "AA" * 32), value),
        _row("fleet", "machine-type", "a kind in upper case", _within("platforms", 0, "type", "TDX"), value),
        _row("fleet", "machine-member", "a member more", _within("platforms", 0, "note", ""), "unknown_member"),
        _row("fleet", "key-short", "a key of 31 bytes", _within("keys", 0, "ed25519", "00" * 31), value),
        _row("fleet", "hybrid-short", "a key of 1,311 bytes", _within("keys", 0, "mldsa44", "00" * 1311), value),
        _row("fleet", "classical", "a key without a second part", _within("keys", 0, "mldsa44", None), ...),
        _row("policy", "no-quorum", "a policy without quorum", _set("witness_policy", ["# none"]), value),
        _row("policy", "line-feed", "a line with a line feed", _set("witness_policy", ["#\nquorum none"]), value),
        _row("policy", "line-empty", "an empty line", _set("witness_policy", ["", "quorum none"]), value),
        _row("policy", "line-long", "a line too long", _set("witness_policy", ["#" * 2049, "quorum none"]), value),
        _row("policy", "text", "a policy in one text", _set("witness_policy", "quorum none"), kind),
        _row("policy", "moderated", "a key for reports", _set("moderation", moderation), ...),
        _row("policy", "moderation-short", "a key of 1,215 bytes", _set("moderation", moderation[:-2]), value),
        _row("policy", "digest-short", "a digest of 31 bytes", _set("appraisal_policy", "00" * 31), value),
        _row("issuers", "backwards", "a key that ends as it begins", _within("keys", 0, "exp", m.NOW), value),
        _row("issuers", "day", "a day of another form", _within("keys", 0, "day", "25.11.2026"), value),
        _row("issuers", "plan", "a plan in upper case", _within("keys", 0, "plan", "Basic"), value),
        _row("issuers", "spki-odd", "half a byte", _within("keys", 0, "spki", "300"), value),
        _row("issuers", "spki-empty", "no key", _within("keys", 0, "spki", ""), value),
        _row("issuers", "spki-most", "the longest key", _within("keys", 0, "spki", "30" * 512), ...),
        _row("issuers", "spki-long", "a key too long", _within("keys", 0, "spki", "30" * 513), value),
        _row("web", "no-index", "no first page", _set("files", {"a.js": "00" * 32}), value),
        _row("web", "source", "a source that is no commit", _set("source", "main"), value),
        _row("web", "path-up", "a path that leaves the folder", _path("../a.js"), value),
        _row("web", "path-within-up", "a path that leaves later", _path("a/../b.js"), value),
        _row("web", "path-absolute", "an absolute path", _path("/a.js"), value),
        _row("web", "path-hidden", "a hidden file", _path(".a.js"), value),
        _row("web", "path-folder", "a folder", _path("a/"), value),
        _row("web", "path-mark", "an exclamation mark", _path("a!b"), value),
        _row("web", "path-proto", "a name that JavaScript keeps for itself", _path("__proto__"), ...),
        _row("web", "path-number", "a name that JavaScript sorts as a number", _path("7"), ...),
        _row("web", "digest-short", "a digest of 31 bytes", lambda one: one["files"].update({"a": "00" * 31}), value),
        _row("web", "files-list", "files that are a list", _set("files", []), value),
    ]  # fmt: skip


def _path(path: str) -> Callable[[Members], object]:
    return lambda members: members["files"].update({path: "00" * 32})
