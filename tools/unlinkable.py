"""Look for anything that ties the drawing of tokens to their spending, in a trace that was written down.

python tools/unlinkable.py TRACE

TRACE holds three folders of files, each in any form: `issuance` (what the account service saw and keeps),
`redemption` (what relay, node and ledger saw and keep) and `public` (what is told to everybody alike). Files that are
SQLite databases are read cell by cell. Every value of 8 bytes or more that stands on both sides, as it is or spelled in
hexadecimal or base64url, and that is not public, is shown. Exit code 0: there is none; 1: there is; 2: no trace.

Plain numbers are not compared: times of drawing and spending are two hours or a day apart by design, and by nothing
else. What is printable on both sides and decodes to nothing is text that everybody uses, such as the name of a plan.
"""

import base64
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

WINDOW = 8
"""Bytes in a row that count as a value: two random ones agree once in 2^64 pairs."""
FEWEST = 4
"""Different bytes in a value; zeros and other filling tie nothing."""
SIDES = ("issuance", "redemption", "public")
DATABASE = b"SQLite format 3\0"
HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{16,}")
BASE64URL = re.compile(rb"[A-Za-z0-9_-]{11,}")


def parts(path: Path) -> Iterator[bytes]:
    """What a file holds: its bytes, or the cells of a database."""
    data = path.read_bytes()
    if not data.startswith(DATABASE):
        yield data
        return
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):
                yield from (cell.encode() if isinstance(cell, str) else cell for cell in row if is_text(cell))


def is_text(cell: object) -> bool:
    """Whether a cell is no number."""
    return isinstance(cell, str | bytes)


def spelled(data: bytes) -> Iterator[bytes]:
    """The bytes as they are, and what hexadecimal and base64url inside them stand for."""
    yield data
    for word in HEXADECIMAL.findall(data):
        yield bytes.fromhex(word[: len(word) // 2 * 2].decode())
    for word in BASE64URL.findall(data):
        whole = word[: len(word) - 1] if len(word) % 4 == 1 else word
        yield base64.urlsafe_b64decode(whole + b"=" * (-len(whole) % 4))


def windows(folder: Path) -> dict[bytes, str]:
    """Every value of a folder, with the file in which it stands first."""
    found: dict[bytes, str] = {}
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        for part in parts(path):
            for data in spelled(part):
                for at in range(len(data) - WINDOW + 1):
                    found.setdefault(data[at : at + WINDOW], path.name)
    return found


def ties(trace: Path) -> list[tuple[bytes, str, str]]:
    """The values that stand on both sides and are not public, each with a file of either side."""
    drawn, spent, public = (windows(trace / side) for side in SIDES)
    common = drawn.keys() & spent.keys() - public.keys()
    telling = [one for one in common if len(set(one)) >= FEWEST and not all(32 <= byte < 127 for byte in one)]
    return sorted((one, drawn[one], spent[one]) for one in telling)


def main(arguments: list[str]) -> int:
    """Run the command."""
    trace = Path(arguments[0]) if len(arguments) == 1 else None
    if trace is None or not all(any((trace / side).iterdir()) if (trace / side).is_dir() else False for side in SIDES):
        print("python tools/unlinkable.py TRACE, with files in TRACE/issuance, TRACE/redemption and TRACE/public")
        return 2
    found = ties(trace)
    for value, drawn, spent in found:
        print(f"{value.hex()}  in {drawn} and in {spent}")
    print(f"{len(found)} values in common" if found else "Nothing ties the two sides.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
