"""The cases of the trust vectors: whole deployments with one lie each, pins, what is remembered or saved, releases."""

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

from privity_attest.testing.bundle import release_leaf
from privity_client.testing import fake_log
from privity_client.testing.fake_log import KEYS, RELEASE, WITNESS, Deployment, pin
from privity_client.trust import pins, remembered, saved_evidence, standing
from privity_client.trust.remembered import Remembered
from privity_client.trust.saved_evidence import SavedEvidence
from privity_protocol import bundle as writer
from privity_protocol import canonical, evidence
from privity_tlog import bulletin
from privity_tlog.bulletin import Bulletin
from privity_tlog.leaves.revocations import Revocations
from privity_tlog.view import View
from test_trust import DAY, HOUR, NOT_ESTABLISHED, REFUSED, release_hash, renewed, signed_by, without

NOW = fake_log.NOW
Case = dict[str, Any]
FOREIGN_PIN = "ab" * 32


def slug(title: str) -> str:
    """A title as an identifier."""
    return "".join(letter if letter.isalnum() else "-" for letter in title.lower()).replace("--", "-").strip("-")


def case(operation: str, title: str, **given: Any) -> Case:
    """One case, its outcome still open."""
    name = slug(f"{operation.replace('_', '-')} {title}")
    return {"id": name, "what": f"{title[0].upper()}{title[1:]}.", "op": operation, "input": given}


def judged(title: str, made: Deployment, **changes: Any) -> Case:
    """A node of a deployment, at its time, met for the first time by a person who accepts its root."""
    listed = made.listed
    given = {
        "now": made.now,
        "pin": pins.encode(pin()),
        "bundle": made.bundle,
        "listed": [
            listed.nd.hex(),
            listed.plat.type,
            listed.plat.id.hex(),
            listed.rel.hex(),
            list(listed.cap),
            listed.w,
        ],
        "paths": [[size, [one.hex() for one in path]] for size, path in made.paths().items()],
        "advance": [],
        "roots": [made.root.pin.hex()],
        "remembered": None,
    } | changes
    if "bulletin" not in given:
        given["bulletin"] = made.bulletin()
    return case("judge", title, **given)


def after(made: Deployment, now: int = NOW) -> Remembered:
    """What a client remembers that has met this deployment."""
    return standing.remember(Remembered(), standing.establish(made.bulletin(), pin(), now=made.now), {}, now=now)


def nodes() -> list[Case]:
    """What the logs say of a node."""
    honest = Deployment().build()
    found = [
        judged("an honest node", honest),
        judged("an hour later", honest, now=NOW + HOUR, bulletin=renewed(honest, HOUR)),
    ]
    for title, (make, _) in REFUSED.items():
        found.append(judged(title, make()))
    for seconds, title in ((7 * DAY, "a proof of exactly seven days"), (7 * DAY + 1, "a proof that is too old")):
        found.append(judged(title, honest, now=NOW + seconds, bulletin=renewed(honest, seconds)))
    # What is renewed is one growing log: the rest is told of a fresh one.
    honest = Deployment().build()
    for label in ("release-proof", "release", "endorsement", "node-document"):
        found.append(judged(f"a bundle without {label}", honest, bundle=without(honest.bundle, label)))
    found.append(judged("a bundle that is none", honest, bundle=b"{}"))
    found.append(
        judged("a proof that is none", honest, bundle=with_item(honest.bundle, "release-proof", b"nothing\n\n"))
    )
    found.append(judged("an endorsement that is none", honest, bundle=with_item(honest.bundle, "endorsement", b"\xf6")))
    other = judged("another node of the directory was chosen", honest)
    other["input"]["listed"][5] = 2
    found += [other, judged("no path to the client's view", grown_alone(), paths=[])]
    found.append(judged("a proof of another history", honest, bundle=proved_by(honest, split())))
    weak = Deployment().build()
    weak.release.signers = (WITNESS,)
    found.append(judged("a proof with one witness of two", honest, bundle=proved_by(honest, weak)))
    found.append(judged("a person who accepts no development root", honest, roots=[]))
    found.append(judged("a person who accepts another root", honest, roots=[FOREIGN_PIN]))
    return found


def with_item(bundle: bytes, label: str, data: bytes) -> bytes:
    """A bundle with another content of one item."""
    items = {name: (one.media_type, one.data) for name, one in evidence.decode(bundle).items.items()}
    return writer.encode({**items, label: (items[label][0], data)})


def proved_by(made: Deployment, other: Deployment) -> bytes:
    """A deployment's bundle with the proof that another log gives of its release."""
    return with_item(made.bundle, "release-proof", other.release.proof(other.places["release"], NOW))


def split() -> Deployment:
    """The same deployment as other people see it: one leaf of its log differs."""
    return Deployment(revoked=Revocations(NOW, (bytes(32),), (), ())).build()


def grown_alone() -> Deployment:
    """A log that went on after the node's proof was made."""
    made = Deployment().build()
    made.revoke()
    return made


def bulletins() -> list[Case]:
    """Bulletins that are not believed, or not any more."""
    found = []
    for title, (posted, _) in NOT_ESTABLISHED.items():
        made = Deployment().build()
        found.append(judged(title, made, bulletin=posted(made)))
    old = Deployment().build()
    for seconds, title in ((7 * DAY, "a release log of seven days"), (7 * DAY + 1, "a release log that stands still")):
        found.append(judged(title, old, bulletin=seen_before(old, seconds)))
    found.append(judged("an appraisal policy that is none", Unreadable().build()))
    late = Deployment().build()
    at = NOW + 6901
    found.append(judged("a directory that has ended", late, now=at, bulletin=late.bulletin(at)))
    early = Deployment(window=(301, 6600)).build()
    found.append(judged("a directory of the future", early))
    for seconds, title in ((8 * DAY, "revocations of eight days"), (8 * DAY + 1, "revocations that are withheld")):
        found.append(judged(title, Deployment(revoked=Revocations(NOW - seconds, (), (), ())).build()))
    for seconds, title in ((300, "revocations a little ahead"), (301, "revocations of the future")):
        found.append(judged(title, Deployment(revoked=Revocations(NOW + seconds, (), (), ())).build()))
    honest = Deployment().build()
    found.append(judged("another deployment", honest, pin=pins.encode(pin(deploy="other"))))
    found.append(judged("the logs mistaken for each other", honest, pin=pins.encode(pin(release=KEYS, keys=RELEASE))))
    alone = Deployment().build()
    doubt = pin(policy=fake_log.policy_text(quorum=0), no_quorum=True)
    found.append(judged("a pin without witnesses", alone, pin=pins.encode(doubt), bulletin=signed_by(alone)))
    return found


class Unreadable(Deployment):
    """An operator who logs an appraisal policy that nobody can read."""

    def appraisal(self) -> bytes:
        """Return no policy."""
        return b"{}"


def seen_before(made: Deployment, seconds: int) -> bytes:
    """A bulletin whose release log was cosigned that long ago, its log of keys just now."""
    rare, hourly = bulletin.decode(made.bulletin(NOW - seconds)), bulletin.decode(made.bulletin())
    return bulletin.encode(Bulletin(rare.appraisal, rare.release, hourly.keys))


def histories() -> list[Case]:
    """Bulletins held against what is remembered."""
    short, long = Deployment().build(), grown_alone()
    path = [one.hex() for one in long.release.tree().consistency(4)]
    before, grown = remembered.encode(after(short)), remembered.encode(after(long))
    known = {"remembered": before, "now": NOW + 5}
    wrong = [[RELEASE, [*path[:-1], "00" * 32]]]
    back = grown_alone()
    back.places["revocations"] = short.places["revocations"]
    old = replace(after(short), releases={"11" * 32: 7, release_hash(short).hex(): 9})
    return [
        judged("the same heads again", short, **known),
        judged("a log that grew", long, **known, advance=[[RELEASE, path]]),
        judged("a log that grew, nobody shows how", long, **known),
        judged("a log that grew, by a path that is wrong", long, **known, advance=wrong),
        judged("a log that shrank", short, remembered=grown),
        judged("a second history", split(), **known),
        judged("revocations that were seen are left out", back, remembered=grown),
        judged("when releases were first seen", short, remembered=remembered.encode(old)),
        judged(
            "a release that is new",
            short,
            remembered=remembered.encode(replace(after(short), releases={})),
            now=NOW + 9,
        ),
        judged("other logs were pinned before", short, remembered=remembered.encode(elsewhere()), now=NOW + 9),
        judged("a memory that is none", short, remembered=b"{}"),
    ]


def elsewhere() -> Remembered:
    """What a client remembers that knew this server by two other logs, longer ones."""
    logs = [fake_log.FakeLog(f"old.test/{name}", [bytes([at]) for at in range(9)]) for name in ("release", "keys")]
    return Remembered({one.origin: View(one.head(), one.note(NOW)) for one in logs}, {"policy": 8, "directory": 8})


def challenges() -> list[Case]:
    """Answers to a challenge."""
    made = Deployment().build()
    rel = made.listed.rel.hex()
    base = judged("the accepted node", made)["input"]
    shared = {name: base[name] for name in ("now", "pin", "bulletin", "paths")}
    return [
        case("challenged", "an honest answer", **shared, bundle=bare(made.bundle), release=rel),
        case("challenged", "an answer of another release", **shared, bundle=bare(made.bundle), release="00" * 32),
        case("challenged", "an answer that is none", **shared, bundle=b"", release=rel),
        case(
            "challenged",
            "an anchor of another log",
            **shared,
            release=rel,
            bundle=bare(REFUSED["anchor of another log"][0]().bundle),
        ),
    ]


def bare(bundle: bytes) -> bytes:
    """A bundle as the node itself makes it: without the operator's items."""
    return without(without(bundle, "release-proof"), "endorsement")


def pin_cases() -> list[Case]:
    """Pins, most of them unusable."""
    honest = pins.encode(pin(hold_back=24, auditors=("alpha",)))
    written = canonical.decode(honest, max_bytes=pins.MAX_PIN)
    assert isinstance(written, dict)

    def changed(title: str, **members: Any) -> Case:
        return case("decode_pin", title, data=canonical.encode({**written, **members}))

    lines = written["policy"]
    return [
        case("decode_pin", "a pin", data=honest),
        changed(
            "a pin without witnesses that says so", policy=[*lines[:2], "quorum none"], no_quorum=True, auditors=[]
        ),
        changed("a pin without witnesses that does not say so", policy=[*lines[:2], "quorum none"], auditors=[]),
        changed("another version", v=2),
        changed("a release log without a key", release="other.test/release"),
        changed("a log of keys without a key", keys="other.test/keys"),
        changed("an auditor whom nobody knows", auditors=["nobody"]),
        changed("33 auditors", auditors=["alpha"] * 33),
        changed("held back for ninety days", hold_back=90 * 24),
        changed("held back for longer", hold_back=90 * 24 + 1),
        changed("a policy that is none", policy=["quorum nobody"]),
        changed("a policy in lines with ends of their own", policy=[*lines, "a\nb"]),
        changed("more lines than a policy has", policy=["#"] * 257),
        changed("a member more", more=1),
        case("decode_pin", "no JSON", data=b"\xff"),
        case("decode_pin", "too many bytes", data=b" " * (pins.MAX_PIN + 1)),
    ]


def memory_cases() -> list[Case]:
    """What is remembered, most of it unreadable, and evidence."""
    honest = remembered.encode(after(Deployment().build()))
    written = canonical.decode(honest, max_bytes=remembered.MAX_FILE)
    assert isinstance(written, dict)
    first, second = Deployment().build().release.note(NOW), split().release.note(NOW)

    def changed(title: str, **members: Any) -> Case:
        return case("decode_remembered", title, data=canonical.encode({**written, **members}))

    views = written["views"]
    return [
        case("decode_remembered", "a memory", data=honest),
        changed("an empty memory", views={}, places={}, releases={}),
        changed("another version", v=2),
        changed("a view under another name", views={"other.test/release": views[RELEASE]}),
        changed("three views", views=dict.fromkeys(("a", "b", "c"), views[RELEASE])),
        changed("a view that is no note", views={RELEASE: "AAAA"}),
        changed("a view that is no base64url", views={RELEASE: "A=="}),
        changed("a list for a map", places=[]),
        changed("a place below zero", places={"fleet": -1}),
        changed("more places than there are kinds", places={f"kind-{at}": at for at in range(33)}),
        changed("more releases than are remembered", releases={f"{at:064x}": at for at in range(257)}),
        changed("a time that is none", releases={"00" * 32: "x"}),
        changed("a member more", more=1),
        case(
            "evidence",
            "two heads of one size",
            reason="split_view",
            origin=RELEASE,
            time=NOW,
            first=first,
            second=second,
        ),
    ]


def saved_cases() -> list[Case]:
    """Saved evidence: a good file, and files that nobody would write."""
    saved = SavedEvidence("https://chat.example", NOW, b"{}", b"[]", {7: (b"\x01" * 32, b"\x02" * 32), 9: ()})
    written = json.loads(saved_evidence.encode(saved))

    def changed(title: str, **members: Any) -> Case:
        return case("decode_saved", title, data=canonical.encode({**written, **members}))

    row = written["paths"][0]
    return [
        case("decode_saved", "saved evidence", data=saved_evidence.encode(saved)),
        changed("saved without paths", paths=[]),
        changed("another version", v=2),
        changed("another kind of file", kind="privity evidence"),
        changed("a member more", more=1),
        changed("a bundle that is no base64url", bundle="A=="),
        changed("an empty bundle", bundle=""),
        changed("a time before 1970", time=-1),
        changed("a server with a line end", server="https://chat.example\n"),
        changed("sizes that fall", paths=[written["paths"][1], row]),
        changed("one size twice", paths=[row, row]),
        changed("a size of nothing", paths=[{**row, "size": 0}]),
        changed("a hash that is short", paths=[{**row, "hashes": ["01"]}]),
        changed("more hashes than a path has", paths=[{**row, "hashes": ["01" * 32] * 65}]),
        changed("more paths than a bundle needs", paths=[{"size": at, "hashes": []} for at in range(1, 10)]),
        case("decode_saved", "with a space more", data=saved_evidence.encode(saved).replace(b":1", b": 1")),
    ]


def release_cases() -> list[Case]:
    """Two releases, and what changed."""
    old = release_leaf(b"{}", {0: bytes(48), 1: bytes(48)})
    tdx = {"shapes": [], "rtmr1": [], "rtmr2": [], "mrconfigid": []}
    new = old | {
        "version": "0.2.0", "source": "a" * 40, "models": ["02" * 32, "03" * 32], "flags": ["emergency", "beta"],
        "configuration": [sha256(b"[]").hexdigest()], "platforms": {"simulated": {"0": "01" * 48}, "tdx": tdx},
    }  # fmt: skip
    moved = old | {"not_before": 0}

    def compared(title: str, one: Case, other: Case) -> Case:
        return case("differences", title, old=canonical.encode(one), new=canonical.encode(other))

    return [
        compared("only the date", old, moved),
        compared("everything", old, new),
        compared("and back", new, old),
        compared("one version", old, old | {"version": "0.1.1"}),
    ]


def cases() -> list[Case]:
    """Every case, in the order of the file."""
    return [
        *nodes(),
        *bulletins(),
        *histories(),
        *challenges(),
        *pin_cases(),
        *memory_cases(),
        *saved_cases(),
        *release_cases(),
    ]
