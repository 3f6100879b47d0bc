"""Evidence of an AWS Nitro enclave, by its Nitro Secure Module.

Source: Linux uapi/linux/nsm.h (one ioctl that carries a CBOR request and its reply), aws-nitro-enclaves-nsm-api (the
messages). The module answers inside the hypervisor; register 16 is the first that an enclave may extend itself.
"""

import ctypes
import fcntl
import hashlib
import os
import re
import struct
from pathlib import Path
from typing import Final

from privity_protocol.cbor_writer import Key, Value, encode
from privity_protocol.platform import Platform

from privity_enclave.hardware import HardwareFailed, Items

REGISTER: Final = 16
MAX_REPLY: Final = 0x3000  # bytes; what the kernel's driver takes at most
_IOCTL: Final = 0xC0200A00  # _IOWR(0x0A, 0, struct nsm_raw): two pairs of address and length, 32 bytes
_MODULE: Final = re.compile(rb"imodule_id(?:[\x61-\x77]|\x78.)(i-[0-9a-f]{8,17})-enc", re.DOTALL)
"""The text `module_id` of the signed document: CBOR heads, the id of the instance, the number of the enclave."""
_REFUSED: Final = b"\xa1" + encode("Error")
_DOCUMENT: Final = b"\xa1" + encode("Attestation") + b"\xa1" + encode("document")
"""How a reply with a document begins: two maps of one member. The head of a string follows."""


class NsmDevice:
    """A secure module, at a path such as /dev/nsm. It needs CAP_SYS_ADMIN."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask(self, request: bytes) -> bytes:
        """Return the reply to a CBOR request. Raises OSError."""
        sent = ctypes.create_string_buffer(request, len(request))
        reply = ctypes.create_string_buffer(MAX_REPLY)
        message = bytearray(
            struct.pack("=4Q", ctypes.addressof(sent), len(request), ctypes.addressof(reply), len(reply))
        )
        descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.ioctl(descriptor, _IOCTL, message, True)
        finally:
            os.close(descriptor)
        return reply.raw[: struct.unpack("=4Q", message)[3]]


class Nitro:
    """A Nitro enclave. Making one asks for a first document, which is not published. Raises HardwareFailed."""

    has_register = True

    def __init__(self, nsm: NsmDevice) -> None:
        self._nsm = nsm
        self._register = bytes(48)
        module = _MODULE.search(self._document(bytes(64)))
        if module is None:
            raise HardwareFailed("no instance named in the document of the secure module")
        self.platform = Platform("nitro", hashlib.sha256(module[1]).digest())

    def extend(self, event: bytes) -> None:
        """Extend register 16 by SHA-384 of `event`. Raises HardwareFailed, also when another has extended it."""
        digest = hashlib.sha384(event).digest()
        self._register = hashlib.sha384(self._register + digest).digest()
        wanted = encode({"ExtendPCR": {"data": self._register}})
        if self._call("ExtendPCR", {"index": REGISTER, "data": digest}) != wanted:
            raise HardwareFailed("register 16 holds what this node did not put there")

    def close(self) -> None:
        """Lock register 16: only locked registers are in the document."""
        if self._call("LockPCR", {"index": REGISTER}) != encode("LockPCR"):
            raise HardwareFailed("register 16 was not locked")

    def evidence(self, report_data: bytes) -> Items:
        """Return `cpu`: the signed document alone, without the reply around it."""
        return {"cpu": ("nitro-document", self._document(report_data))}

    def _document(self, report_data: bytes) -> bytes:
        # The key of the channel is longer than a public_key may be; the document commits to its hash in user_data.
        reply = self._call("Attestation", {"user_data": report_data, "nonce": None, "public_key": None})
        for head in range(1, 4):
            document = reply[len(_DOCUMENT) + head :]
            # Written again and compared instead of read: there is one reply that holds this document and nothing else.
            if report_data in document and reply == encode({"Attestation": {"document": document}}):
                return document
        raise HardwareFailed("the secure module signed something else")

    def _call(self, name: str, members: dict[Key, Value]) -> bytes:
        try:
            reply = self._nsm.ask(encode({name: members}))
        except OSError as error:
            raise HardwareFailed(f"{name}: {error.strerror}") from error
        if reply.startswith(_REFUSED):
            raise HardwareFailed(f"{name} was refused by the secure module")
        return reply
