"""Cases of vectors/pairing: what a service in the middle, or a stranger beside the person, can try."""

from dataclasses import replace
from typing import Any

import vault_material as m
from privity_protocol import cbor
from privity_vault import pairing
from privity_vault.pairing import Comparing, Confirmed, Grant, LinkSecret
from vault_form import Case, case

NOW, ORIGIN = 1_795_600_000, "https://chat.example"
SEED, REVEAL, NONCE = m.draw("link seed"), m.draw("new nonce"), m.draw("old nonce")
SECRET = LinkSecret(m.draw("link secret", 16))
CHANNEL = m.draw("channel", 16)
OFFERED = pairing.offer(link_seed=SEED, device_key=m.PHONE.key, nonce=REVEAL, secret=SECRET, now=NOW)
CARD = OFFERED.card
OTHER = pairing.offer(link_seed=m.draw("evil"), device_key=m.THIEF.key, nonce=REVEAL, secret=SECRET, now=NOW).card
LINK = pairing.write_link(ORIGIN, CHANNEL, CARD, SECRET)
TYPED = pairing.write_code(CHANNEL)
REPLIED = pairing.scanned(CARD, pairing.read_link(LINK), now=NOW).answer(
    nonce=NONCE, account=m.ACCOUNT, device_key=m.LAPTOP.key
)
CODE = OFFERED.answered(REPLIED.raw).code
GIVEN = Grant(m.AK1, m.ACCOUNT, m.trusted(m.RING2).hash, m.draw("head"), 7, ORIGIN)
BLOBS = {"card": CARD, "other": OTHER, "public": m.PASSKEY_ABSENT.public_key}


def pairing_cases() -> list[Case]:
    return [*_links(), *_codes(), *_cards(), *_existing(), *_new()]


def _links() -> list[Case]:
    local = LINK.replace(ORIGIN, "http://localhost:8080")
    good = [("link", "a link", LINK), ("link-local", "a client on this machine", local)]
    bad = [
        ("link-empty", "nothing", ""),
        ("link-version", "another version", LINK.replace("#1.", "#2.")),
        ("link-plain", "not encrypted on the way", LINK.replace("https", "http")),
        ("link-path", "an origin with a path", LINK.replace("example", "example/a")),
        ("link-user", "an origin with a user", LINK.replace("chat", "a@chat")),
        ("link-parts", "a part more", LINK + ".AA"),
        ("link-short", "a secret of 15 bytes", LINK[:-2]),
        ("link-bits", "a second spelling of the secret", LINK[:-1] + chr(ord(LINK[-1]) + 1)),
        ("link-long", "more than 1024 characters", LINK + "A" * 1024),
    ]
    return [
        *(case(id_, what, "read_pairing_link", ..., link=link) for id_, what, link in good),
        *(case(id_, what, "read_pairing_link", "pairing.malformed", link=link) for id_, what, link in bad),
    ]


def _codes() -> list[Case]:
    code, plain = TYPED, TYPED.replace("-", "")
    good = [
        ("code", "a channel code", code),
        ("code-spaced", "in lower case, with spaces", code.lower().replace("-", "  ")),
        ("code-forgiven", "I, L and O for digits", pairing.write_code(bytes(16)).replace("0", "O").replace("1", "l")),
        ("code-last", "the greatest channel", pairing.write_code(b"\xff" * 16)),
    ]
    bad = [
        ("code-empty", "nothing", ""),
        ("code-short", "a letter less", plain[1:]),
        ("code-more", "a letter more", plain + "0"),
        ("code-letter", "a letter that no code has", "U" + plain[1:]),
        ("code-foreign", "a letter that is not ASCII", "\u0660" + plain[1:]),
        ("code-mistyped", "another first letter", ("1" if plain[0] == "0" else "0") + plain[1:]),
        ("code-swapped", "two letters in the wrong order", plain[1] + plain[0] + plain[2:]),
        ("code-check", "other check letters", plain[:-1] + ("0" if plain[-1] != "0" else "1")),
        ("code-bits", "more bits than a channel has", "8" + plain[1:]),
        ("code-long", "more than 256 characters", " " * 230 + code),
        ("code-link", "a link", LINK),
    ]
    return [
        *(case(id_, what, "read_pairing_code", ..., code=typed) for id_, what, typed in good),
        *(case(id_, what, "read_pairing_code", "pairing.malformed", code=typed) for id_, what, typed in bad),
    ]


def _with(data: bytes, member: int, value: Any) -> bytes:
    members: Any = cbor.decode(data)
    return cbor.encode(members | {member: value})


def _cards() -> list[Case]:
    bad = [
        ("card-empty", "nothing", b""),
        ("card-trailing", "a byte more", CARD + b"\0"),
        ("card-large", "more than 4096 bytes", CARD + bytes(4096)),
        ("card-version", "version 2", _with(CARD, 1, 2)),
        ("card-link-key", "an X-Wing key of another size", _with(CARD, 2, bytes(1215))),
        ("card-device-key", "a device key of 31 bytes", _with(CARD, 3, bytes(31))),
        ("card-commitment", "a commitment of 33 bytes", _with(CARD, 4, bytes(33))),
        ("card-expiry", "an end before 1970", _with(CARD, 5, -1)),
        ("card-more", "a sixth member", _with(CARD, 6, 0)),
    ]
    return [
        case("card", "a card", "decode_card", ..., data=CARD),
        *(case(id_, what, "decode_card", "pairing.malformed", data=data) for id_, what, data in bad),
    ]


def _step(id_: str, what: str, expect: Any, **given: Any) -> Case:
    fixed: dict[str, Any] = {
        "link": LINK, "card": CARD, "times": [NOW, NOW + 20, NOW + 40], "typed": [CODE], "reveal": REVEAL,
        "answer_nonce": NONCE, "account": m.ACCOUNT, "key": m.LAPTOP.key,
    }  # fmt: skip
    return case(id_, what, "pair_existing", expect, **(fixed | given))


def _existing() -> list[Case]:
    wrong = "000000" if CODE != "000000" else "000001"
    late, far = _with(CARD, 5, NOW), _with(CARD, 5, NOW + 661)
    return [
        _step("digits", "the right digits", ...),
        _step("digits-spaced", "the digits in two groups", ..., typed=[f"{CODE[:3]} {CODE[3:]}"]),
        _step("digits-second", "right at the second try", ..., typed=[wrong, CODE]),
        _step("digits-twice", "two wrong codes", ..., typed=[wrong, ""]),
        _step("digits-thrice", "three wrong codes", "pairing.burnt", typed=[wrong, wrong, wrong]),
        _step("typed-channel", "without a link", ..., link=None),
        _step("card-other", "another card than the link names", "pairing.card_changed", card=OTHER),
        _step("card-bytes", "no card, and no link to compare", "pairing.malformed", link=None, card=b""),
        _step("card-late", "a card that has ended", "pairing.expired", link=None, card=late),
        _step("card-far", "a card that lives an hour", "pairing.expired", link=None, card=far),
        _step("reveal-late", "a nonce after ten minutes", "pairing.expired", times=[NOW, NOW + 600, NOW + 600]),
        _step("typed-late", "digits after ten minutes", "pairing.expired", times=[NOW, NOW + 20, NOW + 600]),
        _step("reveal-other", "another nonce than committed to", "pairing.commitment", reveal=NONCE),
        _step("reveal-empty", "no nonce", "pairing.commitment", reveal=b""),
        _step("nonce-short", "an own nonce of 31 bytes", "pairing.malformed", answer_nonce=NONCE[1:]),
    ]


def _granted(given: Grant = GIVEN, replied: pairing.Replied = REPLIED, name: str = "grant") -> bytes:
    state = replied.revealed(REVEAL, now=NOW)
    assert isinstance(state, Comparing)
    confirmed = state.typed(pairing.code(replied.scanned.raw, replied.raw, REVEAL, replied.nonce), now=NOW)
    assert isinstance(confirmed, Confirmed)
    return confirmed.grant(given, now=NOW, encapsulate=m.encapsulate(name))


def _received(id_: str, what: str, expect: Any, **given: Any) -> Case:
    fixed: dict[str, Any] = {
        "link_seed": SEED, "key": m.PHONE.key, "reveal": REVEAL, "secret": SECRET.reveal(), "now": NOW,
        "answer": REPLIED.raw, "grant": _granted(), "origin": ORIGIN,
    }  # fmt: skip
    return case(f"grant-{id_}", what, "pair_new", expect, **(fixed | given))


def _new() -> list[Case]:
    grant = _granted()
    typed = pairing.scanned(CARD, None, now=NOW).answer(nonce=NONCE, account=m.ACCOUNT, device_key=m.LAPTOP.key)
    another = pairing.scanned(CARD, pairing.read_link(LINK), now=NOW).answer(
        nonce=m.draw("another"), account=m.ACCOUNT, device_key=m.LAPTOP.key
    )
    unscanned = _granted(replied=typed, name="typed")
    foreign, malformed = "pairing.foreign", "pairing.malformed"
    elsewhere = _granted(replace(GIVEN, account=m.STRANGER), name="elsewhere")
    return [
        _received("whole", "what the new device is given", ...),
        _received("typed", "after a typed channel code", ..., secret=None, grant=unscanned),
        _received("secret", "by somebody who does not know the link", foreign, grant=unscanned),
        _received("answer", "of another exchange", foreign, grant=_granted(replied=another, name="another")),
        _received("bit", "one bit changed", foreign, grant=grant[:-1] + bytes([grant[-1] ^ 1])),
        _received("seed", "for another device", foreign, link_seed=m.draw("evil")),
        _received("account", "another account than answered", foreign, grant=elsewhere),
        _received("origin", "another service", foreign, origin="https://other.example"),
        _received("short", "cut in the key", malformed, grant=grant[:1135]),
        _received("long", "more than 4096 bytes", malformed, grant=grant + bytes(4096)),
        _received("answer-empty", "no answer", malformed, answer=b""),
        _received("answer-more", "an answer with a member more", malformed, answer=_with(REPLIED.raw, 5, 0)),
        _received("answer-account", "an account of 15 bytes", malformed, answer=_with(REPLIED.raw, 3, bytes(15))),
        _received("nonce-short", "an own nonce of 31 bytes", "opener.malformed", reveal=REVEAL[1:]),
        _received("seed-short", "a seed of 31 bytes", malformed, link_seed=SEED[1:]),
    ]  # fmt: skip
