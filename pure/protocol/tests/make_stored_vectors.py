"""Writes vectors/{access,erasure}. Run it by hand; a test compares its output."""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol.cbor import Value, encode
from privity_protocol.stored import access, erasure
from shared_vectors import OWN

Case = dict[str, Any]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw().hex()
ORIGIN = "https://chat.example"
ACCOUNT, DEVICE, CHALLENGE = b"\x11" * 16, b"\x22" * 16, b"\x33" * 32


def operation(op: str, given: Case) -> Case:
    """What the code makes of a case. Raises PrivityError."""
    hexed = {name: bytes.fromhex(one) for name, one in given.items() if name != "origin" and isinstance(one, str)}
    if op == "access_device":
        message = access.device_bytes(
            origin=given["origin"], account=hexed["account"], device=hexed["device"], challenge=hexed["challenge"]
        )
        access.verify(message, hexed["signature"], hexed["key"])
        return {"message": message.hex()}
    if op == "access_recovery":
        message = access.recovery_bytes(origin=given["origin"], finder=hexed["finder"], challenge=hexed["challenge"])
        access.verify(message, hexed["signature"], hexed["key"])
        return {"message": message.hex()}
    if op == "erasure_ids":
        return {"hash": erasure.ids_hash(hexed["account"], [bytes.fromhex(one) for one in given["ids"]]).hex()}
    erasure.verify(hexed["receipt"], hexed["signature"], hexed["key"])
    read = erasure.decode(hexed["receipt"])
    return {"ids": read.ids.hex(), "n": read.n, "day": read.day, "backup_days": read.backup_days}


def access_cases() -> list[tuple[str, str, Case, str | None]]:
    """Name, operation, input, reason."""
    of_device = access.device_bytes(origin=ORIGIN, account=ACCOUNT, device=DEVICE, challenge=CHALLENGE)
    of_code = access.recovery_bytes(origin=ORIGIN, finder=DEVICE, challenge=CHALLENGE)
    device = {
        "origin": ORIGIN, "account": ACCOUNT.hex(), "device": DEVICE.hex(), "challenge": CHALLENGE.hex(),
        "key": PUBLIC, "signature": KEY.sign(of_device).hex(),
    }  # fmt: skip
    code = {
        "origin": ORIGIN, "finder": DEVICE.hex(), "challenge": CHALLENGE.hex(),
        "key": PUBLIC, "signature": KEY.sign(of_code).hex(),
    }  # fmt: skip
    other = "https://chat.example:444"
    return [
        ("a device signs in", "access_device", device, None),
        ("a recovery code signs in", "access_recovery", code, None),
        ("another origin", "access_device", device | {"origin": other}, "not_authentic"),
        ("another account", "access_device", device | {"account": DEVICE.hex()}, "not_authentic"),
        ("another device", "access_device", device | {"device": ACCOUNT.hex()}, "not_authentic"),
        ("another challenge", "access_device", device | {"challenge": "44" * 32}, "not_authentic"),
        ("a short challenge", "access_device", device | {"challenge": "33" * 31}, "member_value"),
        ("a long id", "access_device", device | {"device": "22" * 17}, "member_value"),
        ("a key that is none", "access_device", device | {"key": "ff" * 31}, "not_authentic"),
        ("a short signature", "access_device", device | {"signature": "00" * 63}, "not_authentic"),
        ("an origin with a path", "access_device", device | {"origin": ORIGIN + "/"}, "member_value"),
        ("an origin in capitals", "access_device", device | {"origin": "https://Chat.example"}, "member_value"),
        ("plain HTTP elsewhere", "access_recovery", code | {"origin": "http://chat.example"}, "member_value"),
        ("a recovery code elsewhere", "access_recovery", code | {"origin": other}, "not_authentic"),
        ("another finder", "access_recovery", code | {"finder": ACCOUNT.hex()}, "not_authentic"),
        ("a device's for a code's", "access_recovery", code | {"signature": device["signature"]}, "not_authentic"),
    ]  # fmt: skip


def erasure_cases() -> list[tuple[str, str, Case, str | None]]:
    """Name, operation, input, reason."""
    ids = erasure.ids_hash(ACCOUNT, [DEVICE])

    def signed(data: bytes) -> Case:
        return {"receipt": data.hex(), "key": PUBLIC, "signature": KEY.sign(erasure.signed_bytes(data)).hex()}

    def read(name: str, members: list[Value], reason: str | None) -> tuple[str, str, Case, str | None]:
        return name, "erasure_receipt", signed(encode(dict(enumerate(members, 1)))), reason

    good = signed(erasure.encode(erasure.Receipt(ids, 7, 20783, 30)))
    both = {"account": ACCOUNT.hex(), "ids": [DEVICE.hex(), CHALLENGE[:16].hex()]}
    return [
        ("a receipt", "erasure_receipt", good, None),
        ("two ids", "erasure_ids", both, None),
        ("their order does not matter", "erasure_ids", both | {"ids": both["ids"][::-1]}, None),
        ("the whole account", "erasure_ids", both | {"ids": []}, None),
        ("an id of another length", "erasure_ids", both | {"ids": ["22" * 15]}, "member_value"),
        ("an account of another length", "erasure_ids", both | {"account": "11" * 15}, "member_value"),
        ("a false signature", "erasure_receipt", good | {"signature": "00" * 64}, "not_authentic"),
        ("another key", "erasure_receipt", good | {"key": "00" * 32}, "not_authentic"),
        read("another version", [2, ids, 7, 20783, 30], "member_value"),
        read("a short hash", [1, ids[:31], 7, 20783, 30], "member_value"),
        read("a hash that is text", [1, "ids", 7, 20783, 30], "member_type"),
        read("backups for eleven years", [1, ids, 7, 20783, 4015], "member_value"),
        read("a member more", [1, ids, 7, 20783, 30, 1], "unknown_member"),
        read("a member less", [1, ids, 7, 20783], "missing_member"),
        ("bytes behind it", "erasure_receipt", signed(bytes.fromhex(good["receipt"]) + b"\0"), "trailing_data"),
        ("too many bytes", "erasure_receipt", signed(bytes.fromhex(good["receipt"]).ljust(257, b"\0")), "too_large"),
    ]


FILES = {
    "access": ("What is signed to sign in without a passkey.", access_cases),
    "erasure": ("The service's promise to have erased something.", erasure_cases),
}


def made() -> dict[str, str]:
    """The content of each file by folder name, one case per line."""
    content = {}
    for name, (what, cases) in FILES.items():
        rows = []
        for number, (title, op, given, reason) in enumerate(cases(), 1):
            expect = {"ok": operation(op, given)} if reason is None else {"error": reason}
            rows.append({"id": f"{name}-{number:02}", "what": title, "op": op, "input": given, "expect": expect})
        head = json.dumps({"spec": name, "what": what, "blobs": {}})[:-1]
        lines = ",\n".join(" " + json.dumps(row) for row in rows)
        content[name] = f'{head}, "cases": [\n{lines}\n]}}\n'
    return content


if __name__ == "__main__":
    for name, text in made().items():
        (OWN / name).mkdir(parents=True, exist_ok=True)
        (OWN / name / "cases.json").write_text(text)
