"""Cases of vectors/opener: one change to an honest record, code or answer at a time."""

from dataclasses import replace
from typing import Any

import vault_material as m
from privity_protocol import cbor
from privity_protocol.xwing_seed import from_seed
from privity_vault import opener, passphrase, recovery
from privity_vault.opener import Record
from vault_form import Case, case

RECORD = opener.encode(m.PASSKEY_RECORD)
BLOBS = {
    "passkey": RECORD,
    "recovery": opener.encode(m.RECOVERY_RECORD),
    "device": opener.encode(m.DEVICE_RECORD),
    "passphrase": opener.encode(m.PASSPHRASE_RECORD),
}
CODE = recovery.written(m.LETTERS)
WORDS = passphrase.written(passphrase.make(m.draw("words", 10)))


def opener_cases() -> list[Case]:
    return [*_codes(), *_words(), *_stable(), *_records(), *_openings()]


def _codes() -> list[Case]:
    plain = CODE.replace("-", "")
    at = next(at for at in range(31) if plain[at] != plain[at + 1])
    swapped = plain[:at] + plain[at + 1] + plain[at] + plain[at + 2 :]
    ones = recovery.written(recovery.make(bytes(19) + b"\x20")).replace("-", "")
    good = [
        ("code", "a code as it is shown", CODE),
        ("code-plain", "without hyphens", plain),
        ("code-lower", "in lower case, with spaces and a line feed", f" {CODE.lower().replace('-', ' ')}\n"),
        (
            "code-letters",
            "I, L and O where digits stand",
            ones.replace("1", "L", 1).replace("1", "i").replace("0", "o"),
        ),
    ]
    bad = [
        ("code-empty", "nothing", "", "recovery.malformed"),
        ("code-short", "a letter is missing", plain[:-1], "recovery.malformed"),
        ("code-long", "a letter more", plain + "0", "recovery.malformed"),
        ("code-u", "a letter that no code has", "U" + plain[1:], "recovery.malformed"),
        ("code-unicode", "a letter beyond ASCII", "ı" + plain[1:], "recovery.malformed"),
        ("code-huge", "257 characters", plain + " " * 223, "recovery.malformed"),
        ("code-swapped", "two letters swapped", swapped, "recovery.mistyped"),
        ("code-check", "another check letter", plain[:-1] + ("0" if plain[-1] != "0" else "1"), "recovery.mistyped"),
    ]
    return [
        *(case(id_, what, "read_recovery", ..., typed=typed) for id_, what, typed in good),
        *(case(id_, what, "read_recovery", reason, typed=typed) for id_, what, typed, reason in bad),
    ]


def _words() -> list[Case]:
    rows: list[tuple[str, str, str, Any]] = [
        ("words", "seven words", WORDS, ...),
        ("words-typed", "capitals and many spaces", f"  {WORDS.upper().replace(' ', '  ')} ", ...),
        ("words-six", "six words", WORDS[5:], "passphrase.malformed"),
        ("words-eight", "eight words", f"{WORDS} {WORDS[:4]}", "passphrase.malformed"),
        ("words-unknown", "a word that is not in the list", f"cafe {WORDS[5:]}", "passphrase.malformed"),
        ("words-unicode", "a letter beyond ASCII", f"bäba {WORDS[5:]}", "passphrase.malformed"),
        ("words-huge", "257 characters", WORDS + " " * 223, "passphrase.malformed"),
    ]
    refused = [
        ("memory-little", "less than 64 MiB", 65535, 3, m.COST.salt),
        ("memory-much", "more than 256 MiB", 262145, 3, m.COST.salt),
        ("passes-few", "two passes", 65536, 2, m.COST.salt),
        ("passes-many", "eleven passes", 65536, 11, m.COST.salt),
        ("salt-short", "a salt of 15 bytes", 65536, 3, m.COST.salt[1:]),
    ]
    made = [("stretched", "the least that is accepted", 65536, 3, m.COST.salt)]
    return [
        *(case(id_, what, "read_passphrase", expect, typed=typed) for id_, what, typed, expect in rows),
        *(_stretch(*one, ...) for one in made),
        *(_stretch(*one, "opener.parameters") for one in refused),
    ]


def _stretch(id_: str, what: str, memory: int, passes: int, salt: bytes, expect: Any) -> Case:
    return case(id_, what, "stretch", expect, typed=WORDS, memory=memory, passes=passes, salt=salt)


def _stable() -> list[Case]:
    one, other = m.PASSKEY.reveal(), m.OTHER_PASSKEY.reveal()
    return [
        case("prf-stable", "two equal results", "stable", ..., first=one, second=one),
        case("prf-unstable", "two results that differ", "stable", "opener.unstable", first=one, second=other),
        case("prf-short", "31 bytes", "stable", "opener.malformed", first=one[1:], second=one[1:]),
    ]


def _with(data: bytes, member: int, value: Any) -> bytes:
    members: Any = cbor.decode(data)
    return cbor.encode(members | {member: value})


def _without(data: bytes, member: int) -> bytes:
    members: Any = cbor.decode(data)
    del members[member]
    return cbor.encode(members)


def _records() -> list[Case]:
    good = [(f"record-{name}", f"the record of a {name} opener", data) for name, data in BLOBS.items()]
    words, sheet = BLOBS["passphrase"], BLOBS["recovery"]
    bad = [
        ("record-empty", "nothing", b""),
        ("record-list", "a list", cbor.encode([1])),
        ("record-trailing", "a byte more", RECORD + b"\0"),
        ("record-cut", "a byte less", RECORD[:-1]),
        ("record-large", "more than 4096 bytes", RECORD + bytes(4096)),
        ("record-missing", "without tag", _without(RECORD, 9)),
        ("record-more", "a tenth member", _with(RECORD, 10, 0)),
        ("record-version", "version 2", _with(RECORD, 1, 2)),
        ("record-version-true", "version true", _with(RECORD, 1, True)),
        ("record-id", "an id of 15 bytes", _with(RECORD, 2, bytes(15))),
        ("record-kind-0", "kind 0", _with(RECORD, 3, 0)),
        ("record-kind-5", "kind 5", _with(RECORD, 3, 5)),
        ("record-parameters", "a passkey with parameters", _with(RECORD, 4, [])),
        ("record-credential-none", "a passkey without credential id", _with(RECORD, 5, None)),
        ("record-credential-empty", "an empty credential id", _with(RECORD, 5, b"")),
        ("record-credential-long", "a credential id of 1024 bytes", _with(RECORD, 5, bytes(1024))),
        ("record-credential-device", "a device with a credential id", _with(BLOBS["device"], 5, b"x")),
        ("record-sheet-text", "a finder that is text", _with(sheet, 4, ["x" * 16, bytes(32)])),
        ("record-sheet-short", "a public key of 31 bytes", _with(sheet, 4, [bytes(16), bytes(31)])),
        ("record-sheet-none", "a recovery record without parameters", _with(sheet, 4, None)),
        ("record-lanes", "two lanes", _with(words, 4, [65536, 3, 2, bytes(16)])),
        ("record-epoch", "epoch 0", _with(RECORD, 7, 0)),
        ("record-epoch-large", "an epoch of 33 bits", _with(RECORD, 7, 2**32)),
        ("record-sealed", "a sealed key of one byte less", _with(RECORD, 8, bytes(1167))),
        ("record-tag", "a tag of 31 bytes", _with(RECORD, 9, bytes(31))),
    ]
    weak = [
        ("record-memory", "a service that asks for 8 MiB", _with(words, 4, [8192, 3, 1, bytes(16)])),
        ("record-passes", "a service that asks for eleven passes", _with(words, 4, [65536, 11, 1, bytes(16)])),
        ("record-salt", "a salt of 8 bytes", _with(words, 4, [65536, 3, 1, bytes(8)])),
    ]
    return [
        *(case(id_, what, "decode_record", ..., data=data) for id_, what, data in good),
        *(case(id_, what, "decode_record", "opener.malformed", data=data) for id_, what, data in bad),
        *(case(id_, what, "decode_record", "opener.parameters", data=data) for id_, what, data in weak),
    ]


def _foreign(record: Record) -> Record:
    """What a service can make that knows the public key and not the lock: a key of its own, under a tag it invents."""
    made = opener.seal_again(
        record, m.PASSKEY_ABSENT, m.FOREIGN_KEY, account=m.ACCOUNT, epoch=1, encapsulate=m.encapsulate("foreign")
    )
    return replace(made, tag=record.tag)


def _not_sealed(record: Record) -> Record:
    """A tag by somebody who holds the lock, over what is sealed to another key."""
    other = replace(m.PASSKEY_ABSENT, public_key=from_seed(bytes(32)).public_key)
    return opener.seal_again(record, other, m.AK1, account=m.ACCOUNT, epoch=1, encapsulate=m.encapsulate("astray"))


def _openings() -> list[Case]:
    record, prf = m.PASSKEY_RECORD, m.PASSKEY.reveal()
    spoiled = replace(record, tag=_flipped(record.tag))
    renewed = opener.seal_again(
        record, m.PASSKEY_ABSENT, m.AK2, account=m.ACCOUNT, epoch=2, encapsulate=m.encapsulate("renewed")
    )
    rows: list[tuple[str, str, Record, int, bytes, bytes, Any]] = [
        ("open-passkey", "a passkey opens", record, 1, prf, m.ACCOUNT, ...),
        ("open-recovery", "a code opens", m.RECOVERY_RECORD, 2, m.LETTERS.reveal(), m.ACCOUNT, ...),
        ("open-device", "a device opens", m.DEVICE_RECORD, 3, m.DEVICE_SECRET.reveal(), m.ACCOUNT, ...),
        ("open-passphrase", "words open", m.PASSPHRASE_RECORD, 4, m.STRETCHED.reveal(), m.ACCOUNT, ...),
        ("open-renewed", "a key that came while the passkey was away", renewed, 1, prf, m.ACCOUNT, ...),
        ("open-other", "another passkey", record, 1, m.OTHER_PASSKEY.reveal(), m.ACCOUNT, "opener.wrong_key"),
        ("open-account", "another account", record, 1, prf, m.STRANGER, "opener.wrong_key"),
        ("open-id", "another id", replace(record, id=bytes(16)), 1, prf, m.ACCOUNT, "opener.wrong_key"),
        ("open-kind", "a device's secret", record, 3, prf, m.ACCOUNT, "opener.malformed"),
        ("open-short", "31 bytes", record, 1, prf[1:], m.ACCOUNT, "opener.malformed"),
        ("open-foreign", "the service's own account key", _foreign(record), 1, prf, m.ACCOUNT, "opener.foreign"),
        ("open-epoch", "another epoch", replace(record, epoch=2), 1, prf, m.ACCOUNT, "opener.foreign"),
        ("open-tag", "one bit of the tag", spoiled, 1, prf, m.ACCOUNT, "opener.foreign"),
        ("open-astray", "sealed to another key", _not_sealed(record), 1, prf, m.ACCOUNT, "opener.not_sealed"),
    ]  # fmt: skip
    return [
        case(id_, what, "open_record", expect, record=opener.encode(one), kind=kind, material=data, account=account)
        for id_, what, one, kind, data, account, expect in rows
    ]


def _flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])
