"""Bytes as letters that people can type: rows of 24, the last of each a check letter. Source: specs/voucher.md."""

from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ROW: Final = 23
"""Letters of a row before its check letter."""
GROUP: Final = 4
MAX_LETTERS: Final = 360
MAX_TYPED: Final = 1024
_VALUES: Final = {letter: value for value, letter in enumerate(ALPHABET)}
_READ: Final = str.maketrans(
    {**{one.lower(): one for one in ALPHABET}, **dict.fromkeys("ilIL", "1"), "o": "0", "O": "0"}
)
_BETWEEN: Final = str.maketrans("", "", " -\t\r\n")


class Mistyped(Exception):
    """The letters are no code; `row` is the row (from 1) that cannot be right, 0 when it is not one row alone."""

    def __init__(self, row: int) -> None:
        self.row = row
        super().__init__(f"row {row}" if row else "the whole code")


def spell(data: bytes) -> str:
    """The code, in groups of four letters; it never begins with a hyphen."""
    bits = len(data) * 8
    count = -(-bits // 5)
    number = int.from_bytes(data) << (count * 5 - bits)
    letters = "".join(ALPHABET[number >> 5 * (count - 1 - at) & 31] for at in range(count))
    parts = [letters[at : at + ROW] for at in range(0, count, ROW)]
    checked = "".join(part + _check(part, number) for number, part in enumerate(parts, 1))
    return "-".join(checked[at : at + GROUP] for at in range(0, len(checked), GROUP))


def read(typed: str) -> bytes:
    """The bytes of a code in any case, with spaces and hyphens anywhere, I and L for 1, O for 0. Raises Mistyped."""
    if len(typed) > MAX_TYPED:
        raise Mistyped(0)
    letters = typed.translate(_BETWEEN).translate(_READ)
    if not 2 <= len(letters) <= MAX_LETTERS:
        raise Mistyped(0)
    rows = [letters[at : at + ROW + 1] for at in range(0, len(letters), ROW + 1)]
    for number, row in enumerate(rows, 1):
        if len(row) < 2 or not all(one in _VALUES for one in row) or _check(row[:-1], number) != row[-1]:
            raise Mistyped(number)
    return _bytes("".join(row[:-1] for row in rows))


def _bytes(letters: str) -> bytes:
    """The bytes of letters in their one spelling: no letter too many, the bits that are left over zero."""
    size, left = divmod(len(letters) * 5, 8)
    number = 0
    for one in letters:
        number = number << 5 | _VALUES[one]
    if left >= 5 or number & (1 << left) - 1:
        raise Mistyped(0)
    return (number >> left).to_bytes(size)


def _check(part: str, number: int) -> str:
    """Luhn's sum modulo 32, begun with the row's number: one wrong letter is always seen, two swapped nearly always."""
    total = number
    for at, one in enumerate(reversed(part)):
        value = _VALUES[one] * (2 if at % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]
