"""The contract of the log: pages, bodies, plans, receipts. On SQLite and on PostgreSQL."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from secrets import token_bytes

import pytest
from account_stand import Stand, named, reason, run
from member import DeviceKey, Member, body_of, octets, spelled
from privity_protocol.stored import erasure, page
from privity_protocol.stored.page import Body, Op
from privity_service.accounts.house import House
from privity_service.accounts.plans import Plan
from privity_service.accounts.settings import AccountSettings
from privity_service.accounts.sweep import sweep
from privity_service.accounts.tables import Account
from sqlalchemy import update

DEVICES = 50


@asynccontextmanager
async def member_of(stand: Stand) -> AsyncIterator[Member]:
    """Somebody with an account."""
    async with stand.client() as client:
        member = Member(client)
        made = await member.create()
        assert made.status_code == 201, made.text
        yield member


def test_a_page_is_appended_and_read_back(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            answer = await member.write(Op.PUT, token_bytes(16), body_of())
            assert answer.status_code == 200, answer.text
            assert answer.json() == {"n": 1, "head": spelled(member.head), "erasure": None}
            await member.box()
            read = (await member.send("GET", "/v1/pages?after=1")).json()
            assert (read["n"], read["head"], len(read["pages"])) == (2, spelled(member.head), 1)
            assert (await member.send("GET", "/v1/pages?after=2")).json()["pages"] == []
            assert len((await member.send("GET", "/v1/pages?limit=1")).json()["pages"]) == 1

    run(scenario())


def test_the_same_page_again_is_answered_as_before(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            data, sent = member.page_of(member.entry(Op.DELETE, token_bytes(16)))
            first = await member.send("POST", "/v1/pages", json=sent)
            member.accepted(data, member.device)
            await member.box()
            assert (await member.send("POST", "/v1/pages", json=sent)).json() == first.json()
            assert first.json()["erasure"] is not None
            assert len(stand.rows("pages")) == 2

    run(scenario())


def test_a_replay_is_known_even_after_the_keyring_changed(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            data, sent = member.page_of(member.entry(Op.DELETE, token_bytes(16)))
            first = await member.send("POST", "/v1/pages", json=sent)
            member.accepted(data, member.device)
            assert (await member.put_ring(member.next_ring())).status_code == 200
            assert (await member.send("POST", "/v1/pages", json=sent)).json() == first.json()

    run(scenario())


FALSE_PLACES = {
    "another number": ({"n": 5}, (409, "log.moved")),
    "another parent": ({"parent": bytes(32)}, (409, "log.moved")),
    "another sequence": ({"device_seq": 3, "device_prev": bytes(32)}, (409, "log.sequence")),
    "another page before": ({"device_prev": bytes(32)}, (409, "log.sequence")),
    "another keyring": ({"keyring": bytes(32)}, (409, "log.keyring")),
    "another account": ({"account": bytes(16)}, (422, "page.malformed")),
    "another device": ({"device": bytes(16)}, (403, "log.device")),
}


@pytest.mark.parametrize("what", FALSE_PLACES, ids=named)
def test_a_page_that_does_not_continue_the_log_is_refused(stand: Stand, what: str) -> None:
    change, due = FALSE_PLACES[what]

    async def scenario() -> None:
        async with member_of(stand) as member:
            await member.box()
            answer = await member.post(member.entry(Op.DELETE, token_bytes(16)), **change)
            assert reason(answer) == due
            assert len(stand.rows("pages")) == 1

    run(scenario())


def test_a_page_must_be_signed_by_its_device(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            _, sent = member.page_of(member.entry(Op.DELETE, token_bytes(16)))
            answer = await member.send("POST", "/v1/pages", json=sent | {"signature": spelled(bytes(64))})
            assert reason(answer) == (422, "log.bad_signature")
            answer = await member.send("POST", "/v1/pages", json=sent | {"page": spelled(b"\xa0")})
            assert reason(answer) == (422, "page.malformed")

    run(scenario())


def test_a_page_is_posted_by_the_device_that_signed_it(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            other = DeviceKey(token=member.device.token)
            await member.put_ring(member.next_ring(devices=member.with_devices(other)))
            answer = await member.post(member.entry(Op.DELETE, token_bytes(16)), by=other)
            assert reason(answer) == (403, "log.device")

    run(scenario())


def test_a_revoked_device_appends_nothing(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            other = DeviceKey()
            assert (await member.put_ring(member.next_ring(devices=member.with_devices(other)))).status_code == 200
            other.token = (await member.sign_in("device", other)).json()["token"]
            assert (await member.post(member.entry(Op.DELETE, token_bytes(16)), by=other)).status_code == 200
            devices = tuple(replace(one, last_seq=1) if one.id == other.id else one for one in member.rings.devices)
            assert (await member.put_ring(member.next_ring(devices=devices))).status_code == 200
            assert reason(await member.send("GET", "/v1/pages", token=other.token)) == (401, "access.required")
            assert reason(await member.sign_in("device", other)) == (401, "access.refused")

    run(scenario())


def test_a_token_that_outlived_its_device_appends_nothing(stand: Stand) -> None:
    """Were the token not ended, the page's own check would still refuse."""

    async def scenario() -> None:
        async with member_of(stand) as member:
            other = DeviceKey()
            await member.put_ring(member.next_ring(devices=member.with_devices(other)))
            other.token = (await member.sign_in("device", other)).json()["token"]
            kept = stand.rows("access_tokens")
            devices = tuple(replace(one, last_seq=0) if one.id == other.id else one for one in member.rings.devices)
            await member.put_ring(member.next_ring(devices=devices))
            put_back(stand.house, kept)
            answer = await member.post(member.entry(Op.DELETE, token_bytes(16)), by=other)
            assert reason(answer) == (403, "log.device")

    run(scenario())


def put_back(house: House, rows: list[tuple]) -> None:
    """Write tokens again that were ended."""
    from privity_service.accounts.tables import AccessToken
    from sqlalchemy import delete, insert

    with house.database.writing() as connection:
        connection.execute(delete(AccessToken))
        for hash_, account, device, expiry, fresh in rows:
            values = {"hash": hash_, "account": account, "device": device, "expiry": expiry, "fresh_until": fresh}
            connection.execute(insert(AccessToken).values(**values))


def test_a_body_must_be_here_before_the_page_that_names_it(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            body, id_ = body_of(), token_bytes(16)
            entry = member.entry(Op.PUT, id_, body)
            assert reason(await member.post(entry)) == (422, "body.absent")
            lying = replace(entry, body=Body(hashlib.sha256(body).digest(), len(body) + 1))
            path = f"/v1/bodies/{spelled(hashlib.sha256(body).digest())}"
            assert (await member.send("PUT", path, content=body)).status_code == 201
            assert (await member.send("PUT", path, content=body)).status_code == 200
            assert reason(await member.post(lying)) == (422, "body.absent")
            assert (await member.post(entry)).status_code == 200
            fetched = await member.send("POST", "/v1/bodies/fetch", json={"hashes": [path[11:], spelled(bytes(32))]})
            assert fetched.content == b"\0" + len(body).to_bytes(4) + body + b"\1" + bytes(4)

    run(scenario())


def test_bodies_are_what_they_say(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            body = body_of()
            path = f"/v1/bodies/{spelled(hashlib.sha256(body).digest())}"
            assert reason(await member.send("PUT", path, content=body[:-1] + b"x")) == (422, "body.hash")
            other = b"QQ" + body[2:]
            named = f"/v1/bodies/{spelled(hashlib.sha256(other).digest())}"
            assert reason(await member.send("PUT", named, content=other)) == (422, "body.malformed")
            assert reason(await member.send("PUT", path, content=bytes(1_048_645))) == (413, "request.too_large")
            stranger = member.entry(Op.DELETE, token_bytes(16))
            assert reason(await member.post(stranger, bodies=[body])) == (422, "body.hash")
            spoiled = member.entry(Op.PUT, token_bytes(16), other)
            assert reason(await member.post(spoiled, bodies=[other])) == (422, "body.malformed")
            large = [body_of(600_000), body_of(600_000)]
            entries = [member.entry(Op.PUT, token_bytes(16), one) for one in large]
            assert (await member.post(*entries, bodies=large)).status_code == 413
            assert stand.rows("bodies") == []

    run(scenario())


def test_a_lost_body_is_given_back_by_whoever_has_it(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            body, id_ = body_of(), token_bytes(16)
            await member.write(Op.PUT, id_, body)
            path = f"/v1/objects/{spelled(id_)}/body"
            before = (await member.send("GET", "/v1/usage")).json()["bytes"]
            assert (await member.send("PUT", path, content=body)).status_code == 200
            hash_ = hashlib.sha256(body).digest()
            for staged in (False, True):
                stand.erase("bodies")
                if staged:
                    await member.send("PUT", f"/v1/bodies/{spelled(hash_)}", content=body)
                assert reason(await member.send("PUT", path, content=body_of())) == (422, "body.hash")
                other = f"/v1/objects/{spelled(token_bytes(16))}/body"
                assert reason(await member.send("PUT", other, content=body)) == (422, "body.hash")
                assert (await member.send("PUT", path, content=body)).status_code == 201
                assert (await member.send("GET", "/v1/usage")).json()["bytes"] == before
                assert [row[1] for row in stand.rows("bodies")] == [hash_]
            stand.clock.now += 86_401
            sweep(stand.house)
            assert len(stand.rows("bodies")) == 1
            member.device.token = (await member.sign_in("device")).json()["token"]
            await member.write(Op.DELETE, id_)
            assert stand.rows("bodies") == []
            assert reason(await member.send("PUT", path, content=body)) == (422, "body.hash")

    run(scenario())


def test_versions_rise_by_one_and_what_is_deleted_stays_so(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            id_ = token_bytes(16)
            await member.write(Op.PUT, id_, body_of())
            for version in (1, 3):
                member.versions[id_] = version - 1
                assert reason(await member.write(Op.PUT, id_, body_of())) == (409, "log.version")
            member.versions[id_] = 1
            assert reason(await member.write(Op.BOX_ACTIVE, id_, body_of(580))) == (409, "log.version")
            assert reason(await member.write(Op.DELETE_BOX, id_)) == (409, "log.version")
            assert (await member.write(Op.DELETE, id_)).status_code == 200
            assert reason(await member.write(Op.PUT, id_, body_of())) == (409, "log.resurrected")

    run(scenario())


def test_superseded_and_deleted_bodies_are_erased_with_the_page(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            id_, other, shared = token_bytes(16), token_bytes(16), body_of()
            both = [member.entry(Op.PUT, one, shared) for one in (id_, other)]
            assert (await member.post(*both, bodies=[shared])).status_code == 200
            newer = body_of()
            await member.write(Op.PUT, id_, newer)
            assert {row[1] for row in stand.rows("bodies")} == {hashlib.sha256(one).digest() for one in (shared, newer)}
            await member.write(Op.PUT, other, newer)
            assert [row[1] for row in stand.rows("bodies")] == [hashlib.sha256(newer).digest()]
            deleted = await member.post(member.entry(Op.DELETE, id_), member.entry(Op.DELETE, other))
            assert stand.rows("bodies") == []
            await check_receipt(member, deleted.json()["erasure"], [id_, other], n=4)
            used = (await member.send("GET", "/v1/usage")).json()["bytes"]
            assert used == sum(len(row[5]) for row in stand.rows("pages"))

    run(scenario())


async def check_receipt(member: Member, receipt, ids: list[bytes], *, n: int) -> None:
    """The receipt is signed and names what was asked for."""
    key = octets((await member.send("GET", "/v1/service", token="")).json()["erasure_key"])
    data = octets(receipt["receipt"])
    erasure.verify(data, octets(receipt["signature"]), key)
    read = erasure.decode(data)
    assert (read.ids, read.n, read.backup_days) == (erasure.ids_hash(member.account, ids), n, 30)


def test_a_staged_body_dies_after_a_day_and_a_named_one_does_not(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            await member.write(Op.PUT, token_bytes(16), body_of())
            body = body_of()
            await member.send("PUT", f"/v1/bodies/{spelled(hashlib.sha256(body).digest())}", content=body)
            before = (await member.send("GET", "/v1/usage")).json()["bytes"]
            stand.clock.now += 86_399
            sweep(stand.house)
            assert len(stand.rows("bodies")) == 2
            stand.clock.now += 1
            sweep(stand.house)
            assert len(stand.rows("bodies")) == 1
            member.device.token = (await member.sign_in("device")).json()["token"]
            assert (await member.send("GET", "/v1/usage")).json()["bytes"] == before - len(body)

    run(scenario())


def test_a_sixth_active_chat_is_refused_and_archiving_frees_one(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            assert (await member.write(Op.BOX_ACTIVE, member.account, body_of(580))).status_code == 200
            boxes = [await member.box() for _ in range(5)]
            sixth = token_bytes(16)
            assert reason(await member.write(Op.BOX_ACTIVE, sixth, body_of(580))) == (402, "plan.active_chats")
            assert (await member.write(Op.BOX_ARCHIVED, boxes[0], body_of(580))).status_code == 200
            assert (await member.write(Op.BOX_ACTIVE, sixth, body_of(580))).status_code == 200
            assert reason(await member.write(Op.BOX_ACTIVE, boxes[0], body_of(580))) == (402, "plan.active_chats")
            assert (await member.write(Op.DELETE_BOX, sixth)).status_code == 200
            used = (await member.send("GET", "/v1/usage")).json()
            assert (used["active_chats"], used["archived_chats"], used["limits"]["active_chats"]) == (4, 1, 5)

    run(scenario())


def test_after_a_downgrade_everything_is_readable_and_puts_wait(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            limited(stand, member, chats=None)
            boxes = [await member.box() for _ in range(7)]
            note = token_bytes(16)
            body = body_of()
            await member.write(Op.PUT, note, body)
            limited(stand, member, chats=5)
            assert reason(await member.write(Op.PUT, note, body_of())) == (402, "plan.active_chats")
            assert (await member.write(Op.BOX_ACTIVE, boxes[0], body_of(580))).status_code == 200
            assert len((await member.send("GET", "/v1/pages")).json()["pages"]) == 9
            hashes = [spelled(row[1]) for row in stand.rows("bodies")]
            read = await member.send("POST", "/v1/bodies/fetch", json={"hashes": hashes})
            assert body in read.content
            for box in boxes[:2]:
                assert (await member.write(Op.BOX_ARCHIVED, box, body_of(580))).status_code == 200
            assert (await member.write(Op.PUT, note, body_of())).status_code == 200

    run(scenario())


def limited(stand: Stand, member: Member, chats: int | None) -> None:
    """Give the account a limit of its own, or in effect none."""
    with stand.house.database.writing() as connection:
        limit = 2**31 - 1 if chats is None else chats
        connection.execute(update(Account).where(Account.id == member.account).values(chats_limit=limit))


def test_bytes_have_a_limit_and_deleting_frees_them(make_stand) -> None:
    stand = make_stand(settings=AccountSettings(plans={"free": Plan(5, 20_000)}))

    async def scenario() -> None:
        async with member_of(stand) as member:
            id_ = token_bytes(16)
            assert (await member.write(Op.PUT, id_, body_of(12_000))).status_code == 200
            large = body_of(12_000)
            assert reason(await member.write(Op.PUT, token_bytes(16), large)) == (402, "plan.bytes")
            path = f"/v1/bodies/{spelled(hashlib.sha256(large).digest())}"
            assert reason(await member.send("PUT", path, content=large)) == (402, "plan.bytes")
            assert (await member.write(Op.DELETE, id_)).status_code == 200
            assert (await member.write(Op.PUT, token_bytes(16), large)).status_code == 200

    run(scenario())


def test_without_plans_nothing_is_limited(make_stand) -> None:
    stand = make_stand(settings=AccountSettings(plans=None))

    async def scenario() -> None:
        async with member_of(stand) as member:
            for _ in range(6):
                await member.box()
            used = (await member.send("GET", "/v1/usage")).json()
            assert (used["active_chats"], used["limits"]["active_chats"]) == (6, None)

    run(scenario())


def test_fifty_devices_of_one_account_write_and_read_at_once(stand: Stand) -> None:
    """Each has a page at the same time, and reads between."""

    async def scenario() -> None:
        async with member_of(stand) as member:
            others = [DeviceKey() for _ in range(DEVICES - 1)]
            assert (await member.put_ring(member.next_ring(devices=member.with_devices(*others)))).status_code == 200
            for other in others:
                stand.clock.now += 61
                other.token = (await member.sign_in("device", other)).json()["token"]
            writers = [member.device, *others]
            lock = asyncio.Lock()

            async def write(device: DeviceKey) -> None:
                entry = member.entry(Op.DELETE, token_bytes(16))
                while True:
                    data, sent = member.page_of(entry, by=device)
                    answer = await member.send("POST", "/v1/pages", token=device.token, json=sent)
                    if answer.status_code == 200:
                        async with lock:
                            member.accepted(data, device)
                        return
                    assert reason(answer) == (409, "log.moved")

            async def read(device: DeviceKey) -> None:
                answer = await member.send("GET", "/v1/pages", token=device.token)
                assert answer.status_code == 200
                assert len(answer.json()["pages"]) == answer.json()["n"]

            await asyncio.gather(*map(write, writers), *map(read, writers))
            pages = (await member.send("GET", "/v1/pages", token=others[0].token)).json()
            assert (pages["n"], len(stand.rows("pages"))) == (DEVICES, DEVICES)
            assert {page.decode(octets(one["page"])).device for one in pages["pages"]} == {one.id for one in writers}

    run(scenario())


def test_a_limit_of_pages_says_when_to_come_back(stand: Stand) -> None:
    async def scenario() -> None:
        async with member_of(stand) as member:
            answers = [
                await member.send(
                    "POST", "/v1/pages", json={**member.page_of(member.entry(Op.DELETE, token_bytes(16)), n=9)[1]}
                )
                for _ in range(121)
            ]
            assert {one.status_code for one in answers[:120]} == {409}
            assert reason(answers[120]) == (429, "request.too_many")
            assert answers[120].headers["retry-after"] == str(answers[120].json()["retry_after"]) == "60"

    run(scenario())
