"""PE images as UEFI measures them: the Authenticode digest, and the named sections of a unified kernel image.

Source: Microsoft, Windows Authenticode Portable Executable Signature Format; TCG PC Client Platform Firmware Profile
(EV_EFI_BOOT_SERVICES_APPLICATION); UAPI Group specification of unified kernel images.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from privity_image.errors import Failed

MAX_BYTES: Final = 2 * 1024 * 1024 * 1024
MAX_SECTIONS: Final = 96
_PE32, _PE32_PLUS = 0x10B, 0x20B
_SECURITY: Final = 4  # index of the certificate table among the data directories


@dataclass(frozen=True, slots=True)
class Section:
    """A section: name, where its bytes are in the file, and how many there are in memory."""

    name: str
    offset: int
    size: int
    loaded: int


@dataclass(frozen=True, slots=True)
class Image:
    """The layout of a PE file. Offsets are into the file."""

    data: bytes
    checksum: int
    security: int
    headers: int
    sections: tuple[Section, ...]
    certificates: tuple[int, int]

    def contents(self, name: str) -> bytes | None:
        """Return what the section `name` holds, without the file's padding; None if there is none.

        Raises Failed `image` for two such sections (profiles) and for one that is larger in memory than in the file.
        """
        found = [one for one in self.sections if one.name == name]
        if len(found) > 1 or any(one.loaded > one.size for one in found):
            raise Failed("image", f"PE: section {name} twice, or with room beyond its contents")
        return self.data[found[0].offset : found[0].offset + found[0].loaded] if found else None


def parse(data: bytes) -> Image:
    """Return the layout of a PE image. Raises Failed `image`."""
    start = _u32(data, 0x3C)
    if data[:2] != b"MZ" or data[start : start + 4] != b"PE\0\0" or len(data) > MAX_BYTES:
        raise Failed("image", "not a PE image")
    coff, optional = start + 4, start + 24
    count, length = _u16(data, coff + 2), _u16(data, coff + 16)
    magic = _u16(data, optional)
    if magic not in (_PE32, _PE32_PLUS) or not 1 <= count <= MAX_SECTIONS:
        raise Failed("image", "PE: header")
    directories = optional + (112 if magic == _PE32_PLUS else 96)
    security = directories + 8 * _SECURITY
    headers = _u32(data, optional + 60)
    if _u32(data, directories - 4) <= _SECURITY or security + 8 > optional + length or headers > len(data):
        raise Failed("image", "PE: no place for a certificate table")
    table = optional + length
    if table + 40 * count > headers:
        raise Failed("image", "PE: section table")
    sections = tuple(_section(data, table + 40 * place) for place in range(count))
    certificates = _u32(data, security), _u32(data, security + 4)
    return Image(data, optional + 64, security, headers, sections, certificates)


def authenticode(data: bytes, algorithm: str = "sha384") -> bytes:
    """Return the digest that UEFI measures when it loads `data`.

    Everything but the checksum, the entry of the certificate table and that table. Raises Failed `image`.
    """
    image = parse(data)
    if len(data) % 8:
        raise Failed("image", "PE: length is no multiple of 8, and firmwares differ in what they measure then")
    digest = hashlib.new(algorithm)
    digest.update(data[: image.checksum])
    digest.update(data[image.checksum + 4 : image.security])
    digest.update(data[image.security + 8 : image.headers])
    hashed = image.headers
    for one in sorted((one for one in image.sections if one.size), key=lambda section: section.offset):
        if one.offset < hashed:
            raise Failed("image", f"PE: section {one.name} overlaps")
        digest.update(data[one.offset : one.offset + one.size])
        hashed += one.size
    at, size = image.certificates
    if size and at + size != len(data):
        raise Failed("image", "PE: certificate table is not at the end")
    # What follows the sections counts from the sum of their sizes, as the format's description says.
    digest.update(data[hashed : len(data) - size])
    return digest.digest()


def _section(data: bytes, at: int) -> Section:
    name = data[at : at + 8].rstrip(b"\0").decode("ascii", "replace")
    loaded, size, offset = _u32(data, at + 8), _u32(data, at + 16), _u32(data, at + 20)
    if offset + size > len(data):
        raise Failed("image", f"PE: section {name} beyond the end")
    return Section(name, offset, size, loaded)


def _u16(data: bytes, at: int) -> int:
    return _number(data, at, 2)


def _u32(data: bytes, at: int) -> int:
    return _number(data, at, 4)


def _number(data: bytes, at: int, size: int) -> int:
    part = data[at : at + size]
    if len(part) != size:
        raise Failed("image", "PE: truncated")
    return int.from_bytes(part, "little")
