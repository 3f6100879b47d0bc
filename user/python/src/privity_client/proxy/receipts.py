"""Receipts of answers, checked and kept as files, where the person asks for them. Source: specs/receipt.md.

A receipt lets whoever holds it prove to others what was asked and said, so none is asked for unless somebody says so.
A file holds question and answer: it is for its owner alone, like the key.

Trusted: no. Altered: a check fails. Lost: no proof. Each file is one answer, so it cannot be rolled back.
"""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from privity_protocol.errors import PrivityError
from privity_protocol.line_reader import LineReader
from privity_protocol.lines import Done, SignedReceipt
from privity_protocol.receipt import MAX_SHOWN, ReceiptFile, Shown, check_file, encode_file, salt_of

from privity_client.nodes import VerifiedNode
from privity_client.openai_api.errors import SERVER, ApiError
from privity_client.request import Request

Bundles = Callable[[VerifiedNode], Awaitable[bytes]]
"""Returns the evidence bundle of a verified node: it is public, and whoever reads the receipt judges it anew."""
SUFFIX: Final = ".receipt.json"


@dataclass
class Heard:
    """The application bytes of one answer, as they come."""

    data: bytearray = field(default_factory=bytearray, repr=False)

    def take(self, data: bytes) -> None:
        """Add bytes. Raises ApiError 502 when no receipt can hold them."""
        self.data += data
        if len(self.data) > MAX_SHOWN:
            raise _refused("the answer is longer than a receipt may show")

    def signed(self) -> tuple[bytes, SignedReceipt, str]:
        """Return the lines that are signed, the signature, and why the answer ended. Raises ApiError 502."""
        *before, signed, done, _ = [b"", b"", *bytes(self.data).split(b"\n")]
        found = LineReader().feed(signed + b"\n" + done + b"\n") if signed and done else []
        if len(found) != 2 or not isinstance(found[0], SignedReceipt) or not isinstance(found[1], Done):
            raise _refused("the node gave none")
        return b"".join(line + b"\n" for line in before[2:]), found[0], found[1].reason


class Receipts:
    """Keeps receipts in one folder."""

    def __init__(self, folder: Path, bundles: Bundles) -> None:
        self._folder = folder
        self._bundles = bundles

    async def keep(self, name: str, request: Request, heard: Heard, node: VerifiedNode) -> None:
        """Check the receipt of a complete answer and keep it as `name`. Raises ApiError 502 when it is not right."""
        lines, signed, reason = heard.signed()
        try:
            bundle = await self._bundles(node)
            file = ReceiptFile(signed, bundle, Shown(salt_of(request.rid), request.body, lines))
            receipt = check_file(file)
            data = encode_file(file)
        except PrivityError as error:
            raise _refused(error.reason) from error
        if receipt.node.hex() != node.digest or receipt.reason != reason or receipt.op != request.op:
            raise _refused("it is of another answer")
        try:
            self._write(f"{name}{SUFFIX}", data)
        except OSError as error:
            raise ApiError(
                507, f"The receipt cannot be kept ({error.strerror}).", type=SERVER, code="disk_full"
            ) from None

    def _write(self, name: str, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def _refused(why: str) -> ApiError:
    words = f"The answer came, but the receipt that was asked for does not hold: {why}."
    return ApiError(502, words, type=SERVER, code="receipt_refused")
