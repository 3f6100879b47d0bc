"""The contract of keyrings. On SQLite and on PostgreSQL."""

import hashlib
from dataclasses import replace
from secrets import token_bytes

import cbor2
import pytest
from account_stand import Stand, named, reason, run
from member import DeviceKey, Member, body_of, id_of, listed, record_of, spelled
from privity_protocol.stored import keyring


async def made(client) -> Member:
    """Somebody with an account."""
    member = Member(client)
    answer = await member.create()
    assert answer.status_code == 201, answer.text
    return member


def test_revisions_follow_each_other_and_older_private_halves_are_erased(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            first = member.claim
            new = record_of(3)
            claim = member.next_ring(openers=listed([*member.records, new]))
            assert (await member.put_ring(claim, new)).json() == {"revision": 2}
            assert (await member.put_ring(claim, new)).json() == {"revision": 2}
            read = (await member.send("GET", "/v1/keyring")).json()
            assert [one["revision"] for one in read["keyrings"]] == [1, 2] == [1, read["newest"]]
            assert read["keyrings"][0] == {**first, "private": None, "revision": 1}
            assert read["keyrings"][1] == {**claim, "revision": 2}
            assert sorted(read["openers"]) == sorted(map(spelled, [*member.records, new]))
            assert len((await member.send("GET", "/v1/keyring?from=2")).json()["keyrings"]) == 1

    run(scenario())


def test_another_newest_revision_is_a_conflict(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            before = member.rings
            assert (await member.put_ring(member.next_ring())).status_code == 200
            member.ring = before
            assert reason(await member.put_ring(member.next_ring())) == (412, "keyring.moved")
            answer = await member.send("PUT", "/v1/keyring", json={"keyring": member.claim, "openers": []})
            assert reason(answer) == (400, "request.malformed")

    run(scenario())


def spoilt(member: Member, what: str):
    """A next keyring with one fault."""
    other = DeviceKey()
    by_nobody = keyring.Device(other.id, other.public, None, token_bytes(16))
    devices = member.rings.devices
    other_record = record_of(2, member.sheet, id_of(member.records[1]))
    change = {
        "another account": {"account": token_bytes(16)},
        "another revision": {"revision": 3},
        "does not continue": {"previous": bytes(32)},
        "the epoch falls": {"epoch": 0},
        "the epoch jumps": {"epoch": 3},
        "a device vanished": {"devices": (replace(devices[0], id=token_bytes(16)),)},
        "a device changed its key": {"devices": (replace(devices[0], key=token_bytes(32)),)},
        "a device changed its introduction": {"devices": (replace(devices[0], introduced_by=token_bytes(16)),)},
        "another private half": {"private": bytes(32)},
        "a private half of another epoch": {"epoch": 2, "generation": 1},
        "an opener without a record": {"openers": listed([*member.records, record_of(3)])},
        "a changed record": {"openers": listed([member.records[0], other_record])},
    }  # fmt: skip
    if what == "a signer that enters revoked":
        entering = replace(by_nobody, last_seq=0, introduced_by=member.rings.openers[0].id)
        return changed(member, other, devices=tuple(sorted((*devices, entering), key=lambda one: one.id)))
    if what == "a signer that nobody introduced":
        ordered = tuple(sorted((*devices, by_nobody), key=lambda one: one.id))
        return changed(member, other, devices=ordered)
    return changed(member, member.device, **change[what])


def changed(member: Member, signer: DeviceKey, *, generation: int | None = None, **change):
    """The next keyring, whatever its members are; signed truly."""
    before = member.rings
    epoch = change.get("epoch", before.epoch)
    private = body_of(580, epoch if generation is None else generation)
    wanted = replace(
        before,
        revision=before.revision + 1,
        previous=keyring.digest(keyring.encode(before)),
        private=hashlib.sha256(private).digest(),
        signer=signer.id,
    )
    spoiled = replace(wanted, **change)
    numbers = [1, spoiled.account, spoiled.revision, spoiled.epoch, spoiled.previous]
    openers = [[one.id, one.kind, one.record] for one in spoiled.openers]
    devices = [
        [one.id, one.key, int(one.last_seq is not None), one.last_seq, one.introduced_by] for one in spoiled.devices
    ]
    members = [*numbers, openers, devices, spoiled.day, spoiled.signer, spoiled.private]
    public = cbor2.dumps(dict(enumerate(members, 1)), canonical=True)
    return {
        "public": spelled(public),
        "private": spelled(private),
        "mac": spelled(bytes(32)),
        "mac_before": spelled(bytes(32)) if epoch > before.epoch else None,
        "signature": spelled(signer.key.sign(keyring.signed_bytes(public))),
    }


FAULTS = (
    *("another account", "another revision", "does not continue", "the epoch falls", "the epoch jumps"),
    *("a device vanished", "a device changed its key", "a device changed its introduction"),
    *(
        "another private half",
        "a private half of another epoch",
        "an opener without a record",
        "a changed record",
    ),
    "a signer that nobody introduced",
    "a signer that enters revoked",
)


@pytest.mark.parametrize("what", FAULTS, ids=named)
def test_a_keyring_with_a_fault_is_refused(stand: Stand, what: str) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            sent = {"keyring": spoilt(member, what), "openers": []}
            answer = await member.send("PUT", "/v1/keyring", json=sent, headers={"if-match": '"1"'})
            assert reason(answer) == (422, "keyring.invalid")
            assert len(stand.rows("keyrings")) == 1

    run(scenario())


CLAIM_FAULTS = {
    "a false signature": {"signature": spelled(bytes(64))},
    "a MAC more": {"mac_before": spelled(bytes(32))},
    "another private half": {"private": spelled(body_of(580))},
}


@pytest.mark.parametrize("what", CLAIM_FAULTS, ids=named)
def test_a_claim_with_a_fault_is_refused(stand: Stand, what: str) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            claim = member.next_ring() | CLAIM_FAULTS[what]
            assert reason(await member.put_ring(claim)) == (422, "keyring.invalid")

    run(scenario())


def test_a_rise_needs_its_second_mac(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            claim = member.next_ring(rises=True)
            assert reason(await member.put_ring(claim | {"mac_before": None})) == (422, "keyring.invalid")
            assert (await member.put_ring(claim)).status_code == 200

    run(scenario())


def test_a_revoked_device_stays_so(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            other = DeviceKey()
            await member.put_ring(member.next_ring(devices=member.with_devices(other)))
            revoked = tuple(replace(one, last_seq=3) if one.id == other.id else one for one in member.rings.devices)
            assert (await member.put_ring(member.next_ring(devices=revoked))).status_code == 200
            for last in (None, 4):
                devices = tuple(replace(one, last_seq=last) if one.id == other.id else one for one in revoked)
                kept = member.ring
                answer = await member.put_ring(member.next_ring(devices=devices))
                assert reason(answer) == (422, "keyring.invalid")
                member.ring = kept

    run(scenario())


def test_a_device_leaves_with_its_last_signature(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            leaving = tuple(replace(one, last_seq=0) for one in member.rings.devices)
            assert (await member.put_ring(member.next_ring(devices=leaving))).status_code == 200
            # From then on it signs nothing and is let in no more.
            assert reason(await member.sign_in("device")) == (401, "access.refused")
            fresh = (await member.sign_in("recovery")).json()["token"]
            assert reason(await member.put_ring(member.next_ring(), token=fresh)) == (422, "keyring.invalid")

    run(scenario())


def test_taking_away_needs_a_fresh_token_and_replacing_does_not(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            other, own = DeviceKey(), record_of(3)
            openers = listed([*member.records, own])
            claim = member.next_ring(devices=member.with_devices(other), openers=openers)
            assert (await member.put_ring(claim, own)).status_code == 200
            stale = (await member.sign_in("device")).json()["token"]
            fresh = (await member.sign_in("recovery")).json()["token"]
            before = member.rings
            revoked = tuple(replace(one, last_seq=0) if one.id == other.id else one for one in before.devices)
            less = tuple(one for one in before.openers if one.kind != 3)
            for claim in (
                member.next_ring(devices=revoked),
                restored(member, before).next_ring(openers=less),
                restored(member, before).next_ring(rises=True),
            ):
                assert reason(await member.put_ring(claim, token=stale)) == (403, "access.scope")
            assert (await member.put_ring(member.claim, token=fresh)).status_code == 200
            new = record_of(3)
            kept = [one for one in member.rings.openers if one.kind != 3]
            replaced = tuple(sorted((*kept, *listed([new])), key=lambda one: one.id))
            assert (await member.put_ring(member.next_ring(openers=replaced), new, token=stale)).status_code == 200
            assert len((await member.send("GET", "/v1/keyring", token=stale)).json()["openers"]) == 3

    run(scenario())


def restored(member: Member, ring: keyring.Keyring) -> Member:
    """Back to a keyring, to follow it otherwise."""
    member.ring = ring
    return member


def test_a_finder_is_one_accounts_only(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            thief = Member(client, finder=member.finder)
            assert reason(await thief.create()) == (422, "keyring.invalid")
            assert len(stand.rows("accounts")) == 1
            assert (await member.sign_in("recovery")).status_code == 200

    run(scenario())


def test_records_are_read_strictly(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            good, first = cbor2.loads(record_of(2, member.sheet)), member.rings
            for change in ({1: 2}, {3: 5}, {4: None}, {4: [b"", b""]}, {5: b"x"}, {6: b""}, {7: 0}, {8: b""}, {10: 1}):
                bad = cbor2.dumps(good | change, canonical=True)
                answer = await member.put_ring(member.next_ring(), bad)
                member.ring = first
                assert reason(answer) == (422, "keyring.invalid"), change

    run(scenario())


def test_many_revisions_come_in_bounded_answers(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privity_service.accounts.keyrings.MAX_ANSWER", 1000)

    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            for _ in range(4):
                await member.put_ring(member.next_ring())
            seen, asked = [], 1
            while asked <= 5:
                got = (await member.send("GET", f"/v1/keyring?from={asked}")).json()
                seen += [one["revision"] for one in got["keyrings"]]
                assert got["newest"] == 5
                asked = seen[-1] + 1
            assert seen == [1, 2, 3, 4, 5]

    run(scenario())
