"""Writes vectors/voucher. Run it by hand; a test compares. Made with code of its own and a key that is no secret."""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SEED = bytes(range(32))
OTHER = bytes(range(1, 33))
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ID = bytes.fromhex("0123456789abcdef")


def head(plan: bytes = b"plus", days: int = 30, last_day: int = 20_800, version: int = 1, id_: bytes = ID) -> bytes:
    return bytes([version, len(plan)]) + plan + days.to_bytes(2) + last_day.to_bytes(2) + id_


def signed(data: bytes, seed: bytes = SEED, label: bytes = b"privity voucher v1\0") -> bytes:
    return data + Ed25519PrivateKey.from_private_bytes(seed).sign(label + data)


def check(row: str, number: int) -> str:
    """By the text of the spec, letter by letter."""
    total = number
    for place, letter in enumerate(row[::-1], 1):
        value = LETTERS.index(letter)
        if place % 2 == 1:
            value *= 2
        total += value // 32 + value % 32
    return LETTERS[(32 - total % 32) % 32]


def rows(data: bytes, spare: str = "0") -> list[str]:
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += (spare * 4)[: -len(bits) % 5]
    letters = "".join(LETTERS[int(bits[at : at + 5], 2)] for at in range(0, len(bits), 5))
    parts = [letters[at : at + 23] for at in range(0, len(letters), 23)]
    return [part + check(part, number) for number, part in enumerate(parts, 1)]


def grouped(parts: list[str]) -> str:
    whole = "".join(parts)
    return "-".join(whole[at : at + 4] for at in range(0, len(whole), 4))


GOOD = signed(head())
CODE = grouped(rows(GOOD))
FIELDS = {"plan": "plus", "days": 30, "last_day": 20_800, "id": ID.hex()}


def other_letter(code: str, at: int) -> str:
    return code[:at] + ("7" if code[at] != "7" else "8") + code[at + 1 :]


def swapped_rows() -> str:
    first, second, *rest = rows(GOOD)
    return grouped([second, first, *rest])


def right(what: str, code: str, **changed: Any) -> dict[str, Any]:
    return {"what": what, "code": code, "ok": FIELDS | changed}


def wrong(what: str, code: str, reason: str = "voucher.malformed", row: int | None = None) -> dict[str, Any]:
    return {"what": what, "code": code, "error": reason, "row": row}


def of(data: bytes) -> str:
    return grouped(rows(data))


PLAIN = CODE.replace("-", "")
ALIKE = PLAIN.replace("0", "O").replace("1", "l", 1).replace("1", "I")
LONG = b"p" * 32
LAST = 65_535
CASES = [
    right("as it is printed", CODE),
    right("in small letters, with spaces instead of hyphens", CODE.lower().replace("-", "  ")),
    right("without anything between, O for 0, l and I for 1", ALIKE),
    right("over several lines", "\r\n".join(rows(GOOD)) + "\n\t"),
    right("the longest name and numbers", of(signed(head(LONG, 3660, LAST))), plan="p" * 32, days=3660, last_day=LAST),
    right("the shortest name", of(signed(head(b"a", 1, 0))), plan="a", days=1, last_day=0),
    *(wrong(f"letter {at} is another one", other_letter(PLAIN, at), row=at // 24 + 1) for at in (0, 23, 24, 77, 137)),
    wrong("two neighbours are swapped", PLAIN[:31] + PLAIN[32] + PLAIN[31] + PLAIN[33:], row=2),
    wrong("two rows are swapped", swapped_rows(), row=1),
    wrong("the last row is missing", grouped(rows(GOOD)[:-1]), row=0),
    wrong("two letters too many", grouped([*rows(GOOD), "00"]), row=0),
    wrong("a letter that is not of the alphabet", PLAIN[:50] + "U" + PLAIN[51:], row=3),
    wrong("a full-width digit", "\uff10" + CODE[1:], row=1),
    wrong("nothing but hyphens", "----", row=0),
    wrong("one letter", "0", row=0),
    wrong("361 letters", "0" * 361, row=0),
    wrong("1,025 characters", CODE + " " * (1025 - len(CODE)), row=0),
    wrong("bits left over that are not zero", grouped(rows(GOOD, "1")), row=0),
    wrong("another version", of(signed(head(version=2)))),
    wrong("no days", of(signed(head(days=0)))),
    wrong("more days than ten years", of(signed(head(days=3661)))),
    wrong("no name", of(signed(head(b"")))),
    wrong("a name of 33 letters", of(signed(head(b"p" * 33)))),
    wrong("a name that begins with a digit", of(signed(head(b"9lus")))),
    wrong("a name with a capital", of(signed(head(b"Plus")))),
    wrong("an id of nine bytes", of(signed(head(id_=ID + b"\0")))),
    wrong("no signature", of(head())),
    wrong("signed by another key", of(signed(head(), OTHER)), "voucher.unknown"),
    wrong("signed under another label", of(signed(head(), label=b"privity voucher v2\0")), "voucher.unknown"),
    wrong("more days than were signed", of(head(days=31) + GOOD[-64:]), "voucher.unknown"),
    wrong("another id than was signed", of(head(id_=bytes(8)) + GOOD[-64:]), "voucher.unknown"),
    wrong("a signature of zeros", of(head() + bytes(64)), "voucher.unknown"),
]  # fmt: skip


def document() -> str:
    """The file's text."""
    public = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw().hex()
    cases = []
    for number, one in enumerate(CASES):
        found = {"ok": one["ok"]} if "ok" in one else {"error": one["error"], "row": one["row"]}
        row = {"id": f"voucher-{number}", "what": one["what"], "op": "voucher"}
        cases.append(row | {"input": {"key": public, "code": one["code"]}, "expect": found})
    lines = ",\n ".join(json.dumps(one) for one in cases)
    return f'{{"spec": "voucher", "what": "What is read from a code.", "cases": [\n {lines}\n]}}\n'


if __name__ == "__main__":
    folder = Path(__file__).resolve().parents[3] / "vectors/voucher"
    folder.mkdir(exist_ok=True)
    (folder / "cases.json").write_text(document())
