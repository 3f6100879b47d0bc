"""A server held to its logs over HTTP: what is fetched, remembered and kept, and a person's own rules."""

import asyncio
import contextlib
import fcntl
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from privity_attest.testing.bundle import Hooks
from privity_client import fetch
from privity_client.appraisal import AllowSimulated, LocalAppraiser
from privity_client.challenge import challenge
from privity_client.discovery import Discovery
from privity_client.errors import ClientError, EvidenceRefused
from privity_client.nodes import VerifiedNode
from privity_client.testing import fake_log
from privity_client.testing.fake_log import KEYS, RELEASE, Deployment, pin
from privity_client.trust import pins, remembered
from privity_client.trust.pins import Pin
from privity_client.trust.server import Server, open_server, reach
from privity_client.trust.tiles import MOST_TILES, Tiles
from privity_client.user_policy import template
from privity_protocol import canonical
from privity_tlog.errors import TlogError
from privity_tlog.leaves.revocations import Revocations
from privity_tlog.view import View

URL = "http://service.test"


class Web:
    """The public files of a deployment, and what was asked for."""

    def __init__(self, made: Deployment) -> None:
        self.made = made
        self.asked: list[str] = []
        self.tiles: Callable[[bytes], bytes] = lambda data: data

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        made = self.made
        if path == "/.well-known/privity":
            logs = [{"origin": RELEASE, "url": f"{URL}/log/release"}, {"origin": KEYS, "url": f"{URL}/log/keys"}]
            members = {"v": 1, "account": None, "deploy": "local", "logs": logs, "plans": False, "relays": []}
            return self._bytes(canonical.encode({**members, "run": "http://relay.test"}))
        if path == "/v1/bulletin":
            return self._bytes(made.bulletin())
        if path == f"/v1/nodes/{made.listed.nd.hex()}":
            return self._bytes(made.bundle)
        for name, log in (("release", made.release), ("keys", made.keys)):
            if path.startswith(f"/log/{name}/tile/0/000"):
                width = int(path.rpartition("/")[2])
                return self._bytes(self.tiles(b"".join(fake_log.merkle.leaf_hash(leaf) for leaf in log.leaves[:width])))
        return httpx.Response(404)

    @staticmethod
    def _bytes(data: bytes) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(data))


def verified(web: Web, home: Path, *, now: int | None = None, times: int = 1) -> VerifiedNode:
    """The node as the client finds it, held to the logs."""
    moment = web.made.now if now is None else now

    async def go() -> VerifiedNode:
        async with fetch.new_client(URL, httpx.MockTransport(web.answer)) as client:
            trust = open_server(client, URL, home)
            appraiser = LocalAppraiser("local", AllowSimulated((web.made.root.pin,)))
            source = Discovery(client, URL, appraiser, clock=lambda: moment, entropy=bytes, trust=trust)
            for _ in range(times):
                (node,) = await source.nodes("", refresh=True)
            return node

    return asyncio.run(go())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    pins.write(pins.folder(tmp_path, URL), pin())
    return tmp_path


def kept(home: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in (pins.folder(home, URL) / "evidence").glob("*.json")]


def test_a_logged_node_is_found_and_the_logs_are_remembered(home: Path) -> None:
    web = Web(Deployment().build())
    node = verified(web, home)
    assert node.simulated
    assert node.valid_until == web.made.now + 1800
    known = remembered.read(pins.folder(home, URL))
    assert {origin: view.head.size for origin, view in known.views.items()} == {RELEASE: 4, KEYS: 1}
    assert "/v1/nodes/directory" not in web.asked


def test_a_log_that_grew_is_followed_by_its_tiles(home: Path) -> None:
    web = Web(Deployment().build())
    verified(web, home)
    web.made.revoke()
    verified(web, home)
    assert [path for path in web.asked if "/tile/" in path] == ["/log/release/tile/0/000.p/5"]
    assert remembered.read(pins.folder(home, URL)).views[RELEASE].head.size == 5


def test_tiles_that_were_changed_show_no_continuation_and_are_kept_as_evidence(home: Path) -> None:
    web = Web(Deployment().build())
    verified(web, home)
    web.made.revoke()
    web.tiles = lambda data: bytes(len(data))
    with pytest.raises(TlogError, match="consistency"):
        verified(web, home)
    web.tiles = lambda data: data[:-1]
    with pytest.raises(TlogError, match="tile_malformed"):
        verified(web, home)
    (one,) = kept(home)
    assert (one["reason"], one["origin"]) == ("consistency", RELEASE)


def test_a_split_view_is_kept_with_both_notes_and_nothing_is_used(home: Path) -> None:
    web = Web(Deployment().build())
    verified(web, home)
    web.made = Deployment(revoked=Revocations(fake_log.NOW, (bytes(32),), (), ())).build()
    with pytest.raises(TlogError, match="split_view"):
        verified(web, home)
    # The node's anchor differs too, and with it the directory: both logs have two histories.
    one, other = sorted(kept(home), key=lambda each: str(each["origin"]))
    assert (one["origin"], other["origin"]) == (KEYS, RELEASE)
    assert isinstance(one["notes"], list)
    assert len(one["notes"]) == 2
    assert remembered.read(pins.folder(home, URL)).views[RELEASE].head.root != web.made.release.head().root


def seen_by(web: Web, home: Path, others: tuple[tuple[str, bytes], ...] = ()) -> tuple[tuple[str, bytes], ...]:
    """The heads that a device sees, after it held those of others against them."""

    async def go() -> tuple[tuple[str, bytes], ...]:
        async with fetch.new_client(URL, httpx.MockTransport(web.answer)) as client:
            server = open_server(client, URL, home)
            await server.refresh(now=web.made.now)
            found = server.checkpoints
            try:
                await server.compare(others, now=web.made.now)
            except TlogError:
                with pytest.raises(AssertionError):
                    _ = server.standing
                raise
            return found

    return asyncio.run(go())


def test_what_another_device_saw_is_held_against_the_heads_of_this_one(home: Path, tmp_path: Path) -> None:
    phone = tmp_path / "phone"
    pins.write(pins.folder(phone, URL), pins.read(pins.folder(home, URL)) or pin())
    web = Web(Deployment().build())
    older = seen_by(web, phone)
    assert [origin for origin, _ in older] == [KEYS, RELEASE]
    seen_by(web, home, older)
    web.made.revoke()
    spoiled = tuple((origin, note[:-2] + bytes([note[-2] ^ 1]) + note[-1:]) for origin, note in older)
    grown = seen_by(web, home, (*older, *spoiled, ("log.elsewhere/keys", b"no note")))
    assert kept(home) == []
    with pytest.raises(TlogError, match="checkpoint_rollback"):
        seen_by(Web(Deployment().build()), phone, grown)
    assert [one["reason"] for one in kept(phone)] == ["checkpoint_rollback"]
    tablet = tmp_path / "tablet"
    pins.write(pins.folder(tablet, URL), pin())
    other = seen_by(Web(Deployment(revoked=Revocations(fake_log.NOW, (bytes(32),), (), ())).build()), tablet)
    with pytest.raises(TlogError, match=r"split_view|consistency"):
        seen_by(web, home, other)
    assert len(kept(home)) == 1


def test_evidence_names_the_log_that_lied_and_not_the_one_that_grew(home: Path) -> None:
    web = Web(Deployment().build())
    verified(web, home)
    web.made.revoke()
    web.made.keys.leaves[0] = fake_log.directory.encode(fake_log.Directory(fake_log.NOW, fake_log.NOW + 60, None, ()))
    with pytest.raises(TlogError, match="split_view"):
        verified(web, home)
    assert [one["origin"] for one in kept(home)] == [KEYS]


def test_a_rollback_is_kept_too(home: Path) -> None:
    web = Web(Deployment().build())
    web.made.revoke()
    verified(web, home)
    web.made = Deployment().build()
    with pytest.raises(TlogError, match="checkpoint_rollback"):
        verified(web, home)
    assert [one["reason"] for one in kept(home)] == ["checkpoint_rollback"]


def test_rollbacks_leave_room_for_the_evidence_of_a_split_view(home: Path) -> None:
    web = Web(Deployment().build())
    web.made.revoke()
    verified(web, home)
    web.made = Deployment().build()
    for second in range(remembered.MAX_EVIDENCE + 1):
        with pytest.raises(TlogError, match="checkpoint_rollback"):
            verified(web, home, now=web.made.now + second)
    assert [one["reason"] for one in kept(home)] == ["checkpoint_rollback"] * remembered.MAX_EVIDENCE
    web.made = Deployment(revoked=Revocations(fake_log.NOW, (bytes(32),), (), ())).build()
    web.made.revoke()
    with pytest.raises(TlogError, match="split_view"):
        verified(web, home)
    assert "split_view" in {one["reason"] for one in kept(home)}


def test_nothing_waits_for_a_server_while_the_memory_is_locked(home: Path) -> None:
    web = Web(Deployment().build())
    verified(web, home)
    web.made.revoke()

    def free(data: bytes) -> bytes:
        with (pins.folder(home, URL) / "lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return data

    web.tiles = free
    verified(web, home)


def test_what_another_run_remembers_meanwhile_is_not_forgotten(home: Path) -> None:
    web = Web(Deployment().build())
    verified(web, home)
    web.made.revoke()
    place, other = pins.folder(home, URL), "ab" * 32
    note = web.made.release.note(web.made.now)
    head = web.made.release.head()

    def meanwhile(data: bytes) -> bytes:
        known = remembered.read(place)
        views = {**known.views, RELEASE: View(head, note)}
        remembered.write(place, replace(known, views=views, releases={**known.releases, other: 7}))
        return data

    web.tiles = meanwhile
    verified(web, home)
    known = remembered.read(place)
    assert known.releases[other] == 7
    assert known.views[RELEASE].head == head


def test_other_logs_that_a_person_pins_are_met_anew(home: Path) -> None:
    place = pins.folder(home, URL)
    old = [fake_log.FakeLog(f"old.test/{name}", [bytes(1)] * 9) for name in ("release", "keys")]
    views = {one.origin: View(one.head(), one.note(fake_log.NOW)) for one in old}
    remembered.write(place, remembered.Remembered(views, {"policy": 8}))
    verified(Web(Deployment().build()), home, times=2)
    assert remembered.read(place).views.keys() == {RELEASE, KEYS}


def with_own_policy(web: Web, home: Path, platforms: list[str], root: bytes) -> VerifiedNode:
    """The node as a client finds it whose person has a policy of their own, made from what `privity policy` prints."""
    own = json.loads(template(now=web.made.now, deployment="local"))
    own["allow_simulated"], own["trust_anchors"]["simulated"] = True, [web.made.root.pin.hex()]
    own["fleet"]["platforms"] = platforms

    async def go() -> VerifiedNode:
        async with fetch.new_client(URL, httpx.MockTransport(web.answer)) as client:
            trust = open_server(client, URL, home)
            appraiser = LocalAppraiser("local", AllowSimulated((root,)), policy=canonical.encode(own))
            source = Discovery(client, URL, appraiser, clock=lambda: web.made.now, entropy=bytes, trust=trust)
            (node,) = await source.nodes("", refresh=True)
            return node

    return asyncio.run(go())


def test_a_policy_of_ones_own_takes_the_machines_of_the_log(home: Path) -> None:
    web = Web(Deployment().build())
    assert with_own_policy(web, home, [], web.made.root.pin).simulated
    assert with_own_policy(web, home, [web.made.listed.plat.id.hex()], web.made.root.pin).simulated
    with pytest.raises(EvidenceRefused, match="platform_not_listed"):
        with_own_policy(web, home, ["00" * 32], web.made.root.pin)


def test_a_policy_of_ones_own_brings_no_withdrawn_machine_back(home: Path) -> None:
    web = Web(Deployment().build())
    web.made.revoke(platforms=[web.made.listed.plat.id])
    with pytest.raises(EvidenceRefused, match="platform_not_listed"):
        with_own_policy(web, home, [web.made.listed.plat.id.hex()], web.made.root.pin)


def test_a_withdrawn_release_is_refused_at_the_next_look(home: Path) -> None:
    web = Web(Deployment().build())
    verified(web, home)
    web.made.revoke(releases=[web.made.listed.rel])
    with pytest.raises(EvidenceRefused, match="release_revoked"):
        verified(web, home)


def test_what_was_judged_before_a_look_at_the_logs_is_judged_again(home: Path) -> None:
    web = Web(Deployment().build())

    async def go() -> None:
        async with fetch.new_client(URL, httpx.MockTransport(web.answer)) as client:
            appraiser = LocalAppraiser("local", AllowSimulated((web.made.root.pin,)))
            trust = open_server(client, URL, home)
            source = Discovery(client, URL, appraiser, clock=lambda: web.made.now, entropy=bytes, trust=trust)
            await source.nodes("", refresh=True)
            web.made.revoke(releases=[web.made.listed.rel])
            await source.nodes("", refresh=True)

    with pytest.raises(EvidenceRefused, match="release_revoked"):
        asyncio.run(go())


def test_a_log_is_read_in_so_many_tiles_and_no_more() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(bytes(32 * int(request.url.path.rpartition("/")[2]))))

    async def go() -> None:
        async with fetch.new_client(URL, httpx.MockTransport(answer)) as client:
            read = Tiles(client, {RELEASE: URL})
            for size in range(2, MOST_TILES + 3):
                await read.consistency(RELEASE, 1, size)

    with pytest.raises(ClientError, match=f"log_unreadable: more than {MOST_TILES} tiles"):
        asyncio.run(go())


def test_new_releases_are_held_back_for_as_long_as_a_person_wants(tmp_path: Path) -> None:
    place = pins.folder(tmp_path, URL)
    pins.write(place, pin(hold_back=24))
    web = Web(Deployment().build())
    verified(web, tmp_path)
    known = remembered.read(place)
    remembered.write(place, replace(known, releases={web.made.listed.rel.hex(): web.made.now - 3600}))
    with pytest.raises(ClientError, match="held_back: for another 23 h"):
        verified(web, tmp_path)
    remembered.write(place, replace(known, releases={web.made.listed.rel.hex(): web.made.now - 86_400}))
    verified(web, tmp_path)


def test_an_emergency_that_is_held_back_is_called_one(tmp_path: Path) -> None:
    place = pins.folder(tmp_path, URL)
    pins.write(place, pin(hold_back=24))
    made = Deployment(hooks=Hooks(release=lambda release: {**release, "flags": ["emergency"]}))
    web = Web(made.build())
    verified(web, tmp_path)
    remembered.write(place, replace(remembered.read(place), releases={web.made.listed.rel.hex(): web.made.now}))
    with pytest.raises(ClientError, match="held_back: an emergency release, for another 24 h"):
        verified(web, tmp_path)


def test_an_auditor_who_has_not_cosigned_the_release_is_missed(tmp_path: Path) -> None:
    place = pins.folder(tmp_path, URL)
    pins.write(place, pin(auditors=("alpha",)))
    made = Deployment().build()
    verified(Web(made), tmp_path)
    pins.write(place, pin(policy=fake_log.policy_text(quorum=1), auditors=("beta",)))
    made = Deployment()
    made.release.signers = made.keys.signers = (fake_log.WITNESS,)
    with pytest.raises(ClientError, match="auditor_missing: beta"):
        verified(Web(made.build()), tmp_path)


def test_a_server_without_a_pin_is_refused_and_one_that_is_not_there_is_called_so(tmp_path: Path) -> None:
    async def go(answer: Callable[[httpx.Request], httpx.Response]) -> Server:
        async with fetch.new_client(URL, httpx.MockTransport(answer)) as client:
            return await reach(client, URL, tmp_path)

    with pytest.raises(ClientError, match="not_pinned"):
        asyncio.run(go(Web(Deployment().build()).answer))
    with pytest.raises(ClientError, match="not_privity"):
        asyncio.run(go(lambda request: httpx.Response(404)))


def test_the_answer_to_a_challenge_is_held_to_the_logs(home: Path) -> None:
    web = Web(Deployment().build())
    nonces: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/ec1/challenge":
            return web.answer(request)
        nonces.append(request.read()[8:])
        asked = fake_log.Deployment(
            hooks=fake_log.Hooks(node=lambda node: replace(node, nonce=nonces[-1])), root=web.made.root
        ).build()
        return httpx.Response(200, stream=httpx.ByteStream(bare(asked.bundle)))

    async def go() -> dict[str, object]:
        async with fetch.new_client(URL, httpx.MockTransport(answer)) as client:
            trust = open_server(client, URL, home)
            appraiser = LocalAppraiser("local", AllowSimulated((web.made.root.pin,)))
            source = Discovery(client, URL, appraiser, clock=lambda: web.made.now, entropy=bytes, trust=trust)
            (node,) = await source.nodes("", refresh=True)
            return await challenge(
                client, node, appraiser, now=web.made.now, entropy=lambda size: b"\7" * size, trust=trust
            )

    record = asyncio.run(go())
    assert record["outcome"] == "accepted_as_simulated"
    assert nonces == [b"\7" * 32]


def bare(bundle: bytes) -> bytes:
    """A bundle as the node itself makes it: without the operator's items."""
    from privity_protocol import bundle as writer
    from privity_protocol import evidence

    items = evidence.decode(bundle).items
    proofs = {"release-proof", "endorsement"}
    return writer.encode({name: (one.media_type, one.data) for name, one in items.items() if name not in proofs})


BAD_PINS: dict[str, Callable[[], Pin]] = {
    "a log without a key": lambda: pin(release="other.test/release"),
    "an auditor whom nobody knows": lambda: pin(auditors=("nobody",)),
    "a policy that is none": lambda: pin(policy="quorum nobody\n"),
}


@pytest.mark.parametrize("title", BAD_PINS)
def test_a_pin_that_cannot_hold_is_not_written(title: str, tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="pin_unusable"):
        pins.write(tmp_path, BAD_PINS[title]())
    assert not (tmp_path / "pin.json").exists()


def test_doing_without_witnesses_must_be_said(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="no_quorum"):
        pins.write(tmp_path, pin(policy=fake_log.policy_text(quorum=0)))
    pins.write(tmp_path, pin(policy=fake_log.policy_text(quorum=0), no_quorum=True))
    found = pins.read(tmp_path)
    assert found is not None
    assert not found.asks_for_witnesses


def test_what_is_kept_belongs_to_its_owner_alone_and_is_read_strictly(home: Path) -> None:
    place = pins.folder(home, URL)
    verified(Web(Deployment().build()), home)
    for name in ("pin.json", "remembered.json"):
        assert (place / name).stat().st_mode & 0o777 == 0o600
        data = (place / name).read_bytes()
        (place / name).write_bytes(data.replace(b'"v":1', b'"v":2'))
        with pytest.raises(ClientError, match=r"pin_unusable|memory_unusable"):
            verified(Web(Deployment().build()), home)
        (place / name).write_bytes(data)
    for at in range(0, len(data), 41):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with contextlib.suppress(ClientError):
            remembered.decode(changed)


def test_a_node_that_saw_another_history_is_kept_beside_this_clients_heads(home: Path) -> None:
    web = Web(Deployment().build())

    async def go() -> tuple[VerifiedNode, int]:
        async with fetch.new_client(URL, httpx.MockTransport(web.answer)) as client:
            trust = open_server(client, URL, home)
            appraiser = LocalAppraiser("local", AllowSimulated((web.made.root.pin,)))
            source = Discovery(client, URL, appraiser, clock=lambda: web.made.now, entropy=bytes, trust=trust)
            (node,) = await source.nodes("", refresh=True)
            await source.contradicted(node)
            before = web.asked.count("/v1/bulletin")
            await source.nodes("", refresh=False)
            return node, web.asked.count("/v1/bulletin") - before

    node, read_again = asyncio.run(go())
    (one,) = kept(home)
    assert (one["reason"], one["origin"], one["time"]) == ("view_conflict", URL, web.made.now)
    assert one["node"] == canonical.base64url_encode(node.document)
    known = remembered.read(pins.folder(home, URL))
    assert one["notes"] == [canonical.base64url_encode(known.views[origin].note) for origin in (RELEASE, KEYS)]
    assert read_again == 1
