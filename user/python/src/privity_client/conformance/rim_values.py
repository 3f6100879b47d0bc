"""Golden measurements of a RIM file that a vector names as reference, for judging the device beside it.

The file's own signature is not judged here: that belongs to the operator's tool, which writes such values into
releases. A declaration of types or entities is refused before anything is parsed.
"""

import hashlib
from typing import Final
from xml.etree import ElementTree

from privity_attest import release
from privity_attest.release import Release
from privity_protocol import canonical
from privity_protocol.errors import Malformed

MAX_RIM: Final = 1024 * 1024  # bytes
NEVER: Final = 253_402_300_799  # 9999-12-31: the vector names no time to judge the signer's dates at
_TAGS: Final = "{http://standards.iso.org/iso/19770/-2/2015/schema.xsd}"
_HASH: Final = "{http://www.w3.org/2001/04/xmlenc#sha384}Hash"


def release_of(xml: bytes) -> Release:
    """Return a release whose only content are the active measurements of `xml`. Raises Malformed."""
    if len(xml) > MAX_RIM or b"<!" in xml.replace(b"<!--", b""):
        raise Malformed("member_value", "RIM file")
    try:
        root = ElementTree.fromstring(xml.decode("utf-8"))  # noqa: S314 - bounded, and without any declaration
        meta = root.find(f"{_TAGS}Meta")
        product, version = (meta.attrib["product"], meta.attrib["colloquialVersion"]) if meta is not None else ("", "")
        values = dict(_measurement(one) for one in root.iter(f"{_TAGS}Resource") if one.get("active") == "True")
    except (ElementTree.ParseError, UnicodeDecodeError, KeyError, ValueError) as error:
        raise Malformed("member_value", "RIM file") from error
    golden = {
        "device": product,
        "version": version,
        "expires": NEVER,
        "rim": hashlib.sha256(xml).hexdigest(),
        "values": values,
    }
    named: dict[str, object] = {name: [] for name in ("device_kinds", "drivers", "vbios", "firmware_ids")}
    gpu = {"count": 0, "switches": 0, **named, "golden": [golden]}
    nothing = "00" * 32
    leaf = {
        "v": 1,
        "t": "release",
        "name": "vector",
        "version": "1",
        "source": "local",
        "platforms": {"gpu": gpu},
        "configuration": [nothing],
        "models": [nothing],
        "not_before": 0,
        "flags": [],
    }
    return release.decode(canonical.encode(leaf))


def _measurement(resource: ElementTree.Element) -> tuple[str, list[str]]:
    """Return the SPDM index, one above that of the file, and the hashes that may stand there."""
    count = int(resource.attrib["alternatives"])
    hashes = {resource.attrib[f"{_HASH}{number}"].lower() for number in range(count)}
    return str(int(resource.attrib["index"]) + 1), sorted(hashes)
