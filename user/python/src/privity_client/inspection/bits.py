"""Bits of vendors' fields, in words.

Sources: AMD 56860 SEV-SNP Firmware ABI (guest policy, platform information); Intel TDX Module ABI (TD attributes).
"""

from collections.abc import Mapping
from typing import Final

GUEST_POLICY: Final[Mapping[int, str]] = {
    16: "simultaneous multithreading allowed",
    17: "reserved bit, always one",
    18: "migration agent allowed",
    19: "debugging allowed",
    20: "single socket required",
    21: "CXL allowed",
    22: "AES-256-XTS memory required",
    23: "power reading forbidden",
    24: "ciphertext hiding required",
}
PLATFORM_INFO: Final[Mapping[int, str]] = {
    0: "simultaneous multithreading on",
    1: "transparent encryption on",
    2: "memory with error correction",
    3: "power reading off",
    4: "ciphertext hiding on",
    5: "memory aliases checked",
}
TD_ATTRIBUTES: Final[Mapping[int, str]] = {
    0: "debugging on",
    27: "supervisor protection keys for linear addresses",
    28: "no exceptions from the host's page tables",
    29: "migratable",
    30: "supervisor protection keys",
    31: "key locker",
    63: "performance counters",
}


def words(number: int, names: Mapping[int, str]) -> list[str]:
    """Return the set bits of `number` in words; an unknown bit is named by its place."""
    return [names.get(bit, f"bit {bit}") for bit in range(number.bit_length()) if number >> bit & 1]
