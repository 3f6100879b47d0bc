"""The table of GUIDs at the end of an OVMF image, from which a hypervisor learns how to load it.

Source: edk2, OvmfPkg/ResetVector: the table ends 32 bytes before the end; each entry is data, u16 length, GUID.
"""

from typing import Final
from uuid import UUID

from privity_image.errors import Failed

MAX_BYTES: Final = 64 * 1024 * 1024
_FOOTER: Final = UUID("96b582de-1fb2-45f7-baea-a366c55a082d").bytes_le
_AFTER: Final = 32
_HEAD: Final = 18  # u16 length, GUID


def table(image: bytes) -> dict[UUID, bytes]:
    """Return the entries by GUID. Raises Failed `image`."""
    end = len(image) - _AFTER
    if not _HEAD <= end <= MAX_BYTES or image[end - 16 : end] != _FOOTER:
        raise Failed("image", "not an OVMF image with a table of GUIDs")
    size = int.from_bytes(image[end - _HEAD : end - 16], "little")
    if not _HEAD <= size <= end:
        raise Failed("image", "table of GUIDs: length")
    start, position = end - size, end - _HEAD
    entries: dict[UUID, bytes] = {}
    while position > start:
        length = int.from_bytes(image[position - _HEAD : position - 16], "little")
        if length < _HEAD or position - length < start:
            raise Failed("image", "table of GUIDs: entry")
        guid = UUID(bytes_le=image[position - 16 : position])
        if guid in entries:
            raise Failed("image", f"table of GUIDs: {guid} twice")
        entries[guid] = image[position - length : position - _HEAD]
        position -= length
    return entries
