"""The runtime register and its log: what this boot serves, fixed before it serves.

Source: specs/node-http.md, section "Runtime measurement". After `privity/closed` nothing changes
until the process ends.
"""

import hashlib

from privity_enclave.hardware import Hardware


def measure(hardware: Hardware, *, configuration: bytes, models: bytes) -> bytes:
    """Extend the register by the two documents (whole bytes of each) and close it; return the `runtime-log` item.

    Raises HardwareFailed.
    """
    log = b""
    for tag, payload in (
        ("privity/configuration", hashlib.sha256(configuration).digest()),
        ("privity/models", hashlib.sha256(models).digest()),
        ("privity/closed", b""),
    ):
        event = _counted(tag.encode("ascii")) + _counted(payload)
        if hardware.has_register:
            hardware.extend(event)
        log += event
    hardware.close()
    return log


def _counted(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data
