"""The contract of access: accounts, passkeys, devices, recovery codes, tokens. On SQLite and on PostgreSQL."""

import hashlib
from dataclasses import replace
from secrets import token_bytes

import pytest
from account_stand import Stand, named, reason, run
from authenticator import UP, UV, Authenticator
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from member import DeviceKey, Member, octets, spelled
from privity_protocol.stored import erasure
from privity_protocol.stored.page import Op
from privity_service.accounts import limits
from privity_service.accounts.settings import AccountSettings
from privity_service.accounts.sweep import sweep
from privity_service.accounts.tables import Invitation
from sqlalchemy import insert


async def made(client, kind: str = "passkey") -> Member:
    """Somebody with an account."""
    member = Member(client)
    answer = await member.create(kind)
    assert answer.status_code == 201, answer.text
    return member


@pytest.mark.parametrize("kind", ["passkey", "recovery"])
def test_an_account_is_made_and_every_way_signs_in(stand: Stand, kind: str) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = Member(client)
            answer = (await member.create(kind)).json()
            assert (answer["scope"], answer["fresh_for"], answer["expires_in"]) == ("full", 300, 3600)
            assert answer["device"] == spelled(member.device.id)
            for way, scope, fresh in (("device", "full", 0), ("recovery", "open", 300), ("passkey", "open", 300)):
                if (way, kind) != ("passkey", "recovery"):
                    got = (await member.sign_in(way)).json()
                    assert (got["account"], got["scope"], got["fresh_for"]) == (answer["account"], scope, fresh)
            assert reason(await member.send("GET", "/v1/usage", token="")) == (401, "access.required")

    run(scenario())


REFUSALS = {
    "a false signature of a device": ("device", {"signature": spelled(bytes(64))}),
    "another device": ("device", {"device": spelled(bytes(16))}),
    "an unknown account": ("device", {"account": spelled(bytes(16))}),
    "a false signature of a code": ("recovery", {"signature": spelled(bytes(64))}),
    "an unknown finder": ("recovery", {"finder": spelled(bytes(16))}),
}


def test_every_refusal_is_the_same_answer(stand: Stand) -> None:
    """Byte for byte, headers included: nobody learns whether an account, device or passkey exists."""

    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            assert (await member.sign_in("passkey")).status_code == 200
            answers = [await member.sign_in(kind, **change) for kind, change in REFUSALS.values()]
            answers += [await passkey_refused(member, fault) for fault in PASSKEY_FAULTS]
            begun = (await member.send("POST", "/v1/access/begin", token="", json={"kind": "device"})).json()
            proof = {"kind": "recovery", "finder": spelled(bytes(16)), "signature": spelled(bytes(64))}
            for session in (begun["session"], begun["session"], spelled(bytes(16))):
                sent = {"session": session, "proof": proof}
                answers.append(await member.send("POST", "/v1/access/finish", token="", json=sent))
            assert {(one.status_code, one.content, tuple(one.headers.items())) for one in answers} == {
                (401, answers[0].content, tuple(answers[0].headers.items()))
            }
            assert answers[0].json()["reason"] == "access.refused"

    run(scenario())


PASSKEY_FAULTS = (
    "not verified",
    "not present",
    "another origin",
    "another site",
    "another key",
    "stale counter",
    "alien",
)


async def passkey_refused(member: Member, fault: str):
    """Sign in with a passkey that has one fault."""
    good = member.authenticator
    member.authenticator = {
        "not verified": replace(good, flags=UP),
        "not present": replace(good, flags=UV),
        "another origin": replace(good, origin="http://localhost:9999"),
        "another site": replace(good, rp_id="example.org"),
        "another key": replace(good, key=Ed25519PrivateKey.generate()),
        "stale counter": replace(good, counter=-1),
        "alien": replace(good, credential=token_bytes(32)),
    }[fault]
    try:
        return await member.sign_in("passkey")
    finally:
        member.authenticator = good


@pytest.mark.parametrize("fault", PASSKEY_FAULTS, ids=named)
def test_a_passkey_with_a_fault_does_not_sign_in(stand: Stand, fault: str) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            assert (await member.sign_in("passkey")).status_code == 200
            assert reason(await passkey_refused(member, fault)) == (401, "access.refused")

    run(scenario())


def test_a_passkey_does_not_sign_in_to_another_account(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member, other = await made(client), await made(client)
            member.account = other.account
            assert reason(await member.sign_in("passkey")) == (401, "access.refused")

    run(scenario())


def test_a_wrong_answer_uses_the_session_up(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            sent: list[dict] = []
            send = member.send

            async def kept(method: str, path: str, **more):
                sent.extend([more["json"]] if path.endswith("finish") else [])
                return await send(method, path, **more)

            member.send = kept  # type: ignore[method-assign]
            assert reason(await member.sign_in("device", signature=spelled(bytes(64)))) == (401, "access.refused")
            assert stand.rows("challenges") == []
            again = await send("POST", "/v1/access/finish", token="", json=sent[0])
            assert reason(again) == (401, "access.refused")

    run(scenario())


def test_a_session_serves_one_finish_and_five_minutes(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            sent: list[dict] = []
            send = member.send

            async def late(method: str, path: str, **more):
                if path.endswith("finish"):
                    sent.append(more["json"])
                    stand.clock.now += len(sent) == 2 and 300
                return await send(method, path, **more)

            member.send = late  # type: ignore[method-assign]
            assert (await member.sign_in("device")).status_code == 200
            again = await send("POST", "/v1/access/finish", token="", json=sent[0])
            assert reason(again) == (401, "access.refused")
            assert reason(await member.sign_in("device")) == (401, "access.refused")

    run(scenario())


@pytest.mark.parametrize("fault", ["not verified", "another origin", "another site"], ids=named)
def test_a_new_passkey_with_a_fault_makes_no_account(stand: Stand, fault: str) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            change = {"not verified": {"flags": UP}, "another origin": {"origin": "http://localhost:1"}}
            member = Member(client, authenticator=Authenticator(**change.get(fault, {"rp_id": "example.org"})))
            assert reason(await member.create()) == (401, "access.refused")
            assert stand.rows("accounts") == stand.rows("keyrings") == stand.rows("openers") == []

    run(scenario())


def test_a_code_makes_an_account_only_with_its_own_record_and_signature(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = Member(client)
            begun = (await member.send("POST", "/v1/account/begin", token="", json={"kind": "recovery"})).json()
            claim = member.first_ring(octets(begun["account"]))
            sheet = dict(zip(("finder", "key"), map(spelled, member.sheet), strict=True))
            for proof in ({**sheet, "signature": spelled(bytes(64))}, {**sheet, "finder": spelled(bytes(16))}):
                sent = {
                    "session": begun["session"],
                    "proof": {"kind": "recovery", "signature": spelled(bytes(64)), **proof},
                    "keyring": claim,
                    "openers": [spelled(one) for one in member.records],
                }
                key = {"idempotency-key": spelled(token_bytes(16))}
                refused = await member.send("POST", "/v1/account/finish", token="", json=sent, headers=key)
                assert reason(refused) == (401, "access.refused")
            assert stand.rows("accounts") == []

    run(scenario())


def test_a_lost_answer_is_repeated_with_another_token_and_one_account(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            sent, headers = member.last_finish
            path = "/v1/account/finish"
            again = await member.send("POST", path, token="", json=sent, headers=headers)
            assert (again.status_code, again.json()["account"]) == (201, spelled(member.account))
            assert again.json()["token"] != member.device.token
            assert len(stand.rows("accounts")) == 1
            other = await member.send("POST", path, token="", json=sent | {"openers": []}, headers=headers)
            assert reason(other) == (422, "request.key_reused")
            fresh = {"idempotency-key": spelled(token_bytes(16))}
            assert reason(await member.send("POST", path, token="", json=sent, headers=fresh)) == (
                410,
                "access.expired",
            )
            assert reason(await member.send("POST", path, token="", json=sent)) == (400, "request.malformed")
            stand.clock.now += 300
            late = await member.send("POST", path, token="", json=sent, headers=headers)
            assert reason(late) == (410, "access.expired")

    run(scenario())


def test_tokens_end_after_an_hour_and_when_told(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            stand.clock.now += 3599
            assert (await member.send("GET", "/v1/usage")).status_code == 200
            stand.clock.now += 1
            assert reason(await member.send("GET", "/v1/usage")) == (401, "access.required")
            token = (await member.sign_in("device")).json()["token"]
            assert (await member.send("DELETE", "/v1/access", token=token)).status_code == 204
            assert reason(await member.send("GET", "/v1/usage", token=token)) == (401, "access.required")
            hashes = {row[0] for row in stand.rows("access_tokens")}
            assert hashlib.sha256(octets(member.device.token)).digest() in hashes
            sweep(stand.house)
            assert stand.rows("access_tokens") == []

    run(scenario())


def test_scopes_open_full_and_fresh(stand: Stand) -> None:
    """Each route that needs more than a token is refused with less, before its body is looked at."""

    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            opened = (await member.sign_in("recovery")).json()["token"]
            full = (await member.sign_in("device")).json()["token"]
            routes = {
                opened: [("POST", "/v1/pages"), ("PUT", f"/v1/bodies/{spelled(bytes(32))}"), ("GET", "/v1/events"),
                         ("POST", "/v1/shares"), ("PUT", f"/v1/pairings/{spelled(bytes(16))}/answer")],
                full: [("POST", "/v1/passkeys/begin"), ("DELETE", "/v1/account"), ("POST", "/v1/passkeys/finish"),
                       ("PUT", f"/v1/pairings/{spelled(bytes(16))}/grant"), ("DELETE", f"/v1/passkeys/{'A' * 4}")],
            }  # fmt: skip
            for token, listed in routes.items():
                for method, path in listed:
                    answer = await member.send(method, path, token=token, content=b"{")
                    assert reason(answer) == (403, "access.scope"), path
            stand.clock.now += 299
            assert (await member.send("POST", "/v1/passkeys/begin", token=opened, json={})).status_code == 200
            stand.clock.now += 1
            late = await member.send("POST", "/v1/passkeys/begin", token=opened, json={})
            assert reason(late) == (403, "access.scope")

    run(scenario())


def test_passkeys_are_added_and_the_last_way_in_stays(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            begun = (await member.send("POST", "/v1/passkeys/begin", json={})).json()
            assert [one["id"] for one in begun["options"]["excludeCredentials"]] == [
                spelled(member.authenticator.credential)
            ]
            second = Authenticator()
            sent = {"session": begun["session"], "credential": second.create(begun["challenge"])}
            assert (await member.send("POST", "/v1/passkeys/finish", json=sent)).status_code == 201
            assert reason(await member.send("POST", "/v1/passkeys/finish", json=sent)) == (410, "access.expired")
            again = (await member.send("POST", "/v1/passkeys/begin", json={})).json()
            known = {"session": again["session"], "credential": second.create(again["challenge"])}
            assert reason(await member.send("POST", "/v1/passkeys/finish", json=known)) == (409, "passkeys.known")
            assert len((await member.send("GET", "/v1/passkeys")).json()["passkeys"]) == 2
            await without_code(member)
            for path, due in ((second.credential, 204), (bytes(32), 204), (member.authenticator.credential, 409)):
                answer = await member.send("DELETE", f"/v1/passkeys/{spelled(path)}")
                assert answer.status_code == due, answer.text

    run(scenario())


async def without_code(member: Member) -> None:
    """Take the recovery code out of the keyring."""
    kept = tuple(one for one in member.rings.openers if one.kind != 2)
    assert (await member.put_ring(member.next_ring(openers=kept))).status_code == 200


def test_registration_can_be_closed_or_by_invitation(make_stand) -> None:
    closed, invited = make_stand(registration="closed"), None

    async def refused() -> None:
        async with closed.client() as client:
            assert reason(await Member(client).create()) == (403, "account.closed")

    run(refused())
    invited = make_stand(registration="invitation")
    with invited.house.database.writing() as connection:
        values = {"hash": hashlib.sha256(b"come in").digest(), "uses": 1, "last_day": invited.house.day}
        connection.execute(insert(Invitation).values(**values))

    async def scenario() -> None:
        async with invited.client() as client:
            answers = [await Member(client).create(), await Member(client).create(invitation="come on")]
            assert (await Member(client).create(invitation="come in")).status_code == 201
            answers.append(await Member(client).create(invitation="come in"))
            assert {one.content for one in answers} == {answers[0].content}
            assert reason(answers[0]) == (403, "account.closed")

    run(scenario())


def test_two_who_begin_with_one_invitation_do_not_both_finish(make_stand) -> None:
    stand = make_stand(registration="invitation")
    with stand.house.database.writing() as connection:
        values = {"hash": hashlib.sha256(b"one").digest(), "uses": 1, "last_day": stand.house.day}
        connection.execute(insert(Invitation).values(**values))

    async def scenario() -> None:
        async with stand.client() as client:
            first, second = Member(client), Member(client)
            send, held = second.send, []

            async def hold(method: str, path: str, **more):
                if path.endswith("finish") and not held:
                    held.append(path)
                    assert (await first.create(invitation="one")).status_code == 201
                return await send(method, path, **more)

            second.send = hold  # type: ignore[method-assign]
            assert reason(await second.create(invitation="one")) == (403, "account.closed")
            assert len(stand.rows("accounts")) == 1

    run(scenario())


def test_new_accounts_are_counted_per_network_in_memory_only(make_stand) -> None:
    stand = make_stand(settings=AccountSettings(new_per_prefix_day=2))

    async def scenario() -> None:
        async with stand.client() as client, stand.client(b"\x04\x0a\x00\x01\x00") as elsewhere:
            await made(client)
            await made(client)
            third = await Member(client).create()
            assert reason(third) == (429, "account.too_many")
            assert third.headers["retry-after"] == "86400"
            await made(elsewhere)
            stand.clock.now += 86_400
            await made(client)

    run(scenario())


def test_begins_and_codes_are_counted_per_network(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            for _ in range(limits.RECOVERY.most):
                assert (await member.sign_in("recovery")).status_code == 200
            assert reason(await member.sign_in("recovery")) == (429, "request.too_many")
            begun = [
                await member.send("POST", "/v1/access/begin", token="", json={"kind": "device"}) for _ in range(31)
            ]
            assert reason(begun[-1]) == (429, "request.too_many")

    run(scenario())


def test_a_deleted_account_leaves_nothing_but_a_receipt(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member, other = await made(client), await made(client)
            await member.box()
            await other.box()
            await member.write(Op.DELETE, token_bytes(16))
            await member.sign_in("device")
            answer = await member.send("DELETE", "/v1/account")
            key = octets((await member.send("GET", "/v1/service", token="")).json()["erasure_key"])
            receipt = octets(answer.json()["receipt"])
            erasure.verify(receipt, octets(answer.json()["signature"]), key)
            read = erasure.decode(receipt)
            assert (read.ids, read.n) == (erasure.ids_hash(member.account, ()), 2)
            assert reason(await member.send("GET", "/v1/usage")) == (401, "access.required")
            for table in ("accounts", "keyrings", "passkeys", "pages", "bodies", "objects"):
                assert len(stand.rows(table)) == 1, table
            everything = repr([stand.rows(one) for one in TABLES])
            assert repr(other.account)[2:-1] in everything
            assert repr(member.account)[2:-1] not in everything

    run(scenario())


TABLES = (
    *("accounts", "passkeys", "challenges", "access_tokens", "keyrings", "openers", "pages", "objects", "bodies"),
    *("pairings", "shares", "replies", "erasures", "invitations"),
)


def test_only_so_many_tokens_of_an_account_live(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privity_service.accounts.tokens.MAX_TOKENS", 3)

    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            for _ in range(4):
                stand.clock.now += 1
                newest = (await member.sign_in("device")).json()["token"]
            assert len(stand.rows("access_tokens")) == 3
            assert (await member.send("GET", "/v1/usage", token=newest)).status_code == 200
            assert (await member.send("GET", "/v1/usage")).status_code == 401

    run(scenario())


def test_a_device_that_is_not_in_the_keyring_does_not_sign_in(stand: Stand) -> None:
    async def scenario() -> None:
        async with stand.client() as client:
            member = await made(client)
            stranger = DeviceKey()
            assert reason(await member.sign_in("device", stranger)) == (401, "access.refused")
            added = member.next_ring(devices=member.with_devices(stranger))
            opened = (await member.sign_in("passkey")).json()["token"]
            assert (await member.put_ring(added, token=opened)).status_code == 200
            assert (await member.sign_in("device", stranger)).json()["scope"] == "full"

    run(scenario())
