"""The release manifest's `platforms` part: its shape, and putting it together from parts. Source: specs/release.md.

Every list is strictly ascending and every digest lower-case hexadecimal, so that equal measurements are equal bytes.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from privity_attest import reference_values
from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_image.errors import Failed
from privity_image.reference_values.rim import Rim

MAX_BYTES: Final = 56 * 1024
"""Of the 64 KiB of a release, what its platforms may take."""
MRTD_BYTES: Final = 48

Part = dict[str, object]


def tdx(
    *, shapes: Mapping[str, tuple[bytes, bytes]], rtmr1: Iterable[bytes], rtmr2: Iterable[bytes], mrconfigid: bytes
) -> Part:
    """Return the part of a TDX image: `shapes` maps a machine shape's name to its MRTD and RTMR0."""
    listed = [
        {"name": name, "mrtd": mrtd.hex(), "rtmr0": rtmr0.hex()} for name, (mrtd, rtmr0) in sorted(shapes.items())
    ]
    return {
        "tdx": {
            "shapes": listed,
            "rtmr1": ascending(rtmr1),
            "rtmr2": ascending(rtmr2),
            "mrconfigid": [mrconfigid.hex()],
        }
    }


def sgx(*, mrenclave: Iterable[bytes]) -> Part:
    """Return the part of SGX enclaves."""
    return {"sgx": {"mrenclave": ascending(mrenclave)}}


def sev_snp(*, measurement: Iterable[bytes], host_data: Iterable[bytes]) -> Part:
    """Return the part of an SNP image: a launch digest per machine shape, and what HOST_DATA may be."""
    return {"sev_snp": {"measurement": ascending(measurement), "host_data": ascending(host_data)}}


def nitro(*, pcrs: Mapping[int, bytes]) -> Part:
    """Return the part of a Nitro enclave image file."""
    return {"nitro": {"pcrs": {str(index): [value.hex()] for index, value in pcrs.items()}}}


def sim_tpm(*, pcr11: bytes) -> Part:
    """Return the part of a simulated measured boot."""
    return {"sim_tpm": {"pcrs": {"11": [pcr11.hex()]}}}


def gpu(
    *,
    count: int,
    switches: int,
    drivers: Iterable[Rim],
    firmware: Iterable[Rim],
    firmware_ids: Iterable[bytes],
) -> Part:
    """Return the part about devices: manifests of GPU drivers, and of VBIOS and switch firmware.

    Raises Failed `mismatch` when a driver's and a VBIOS's manifest of one product claim the same measurement.
    """
    drivers, firmware = list(drivers), list(firmware)
    for one in drivers:
        for other in firmware:
            both = sorted(one.values.keys() & other.values.keys())
            if both and one.product == other.product:
                raise Failed("mismatch", f"rim_conflict: {one.version} and {other.version} both name index {both[0]}")
    manifests = {one.digest: one for one in [*drivers, *firmware]}
    return {
        "gpu": {
            "count": count,
            "switches": switches,
            "device_kinds": sorted({one.product for one in manifests.values()}),
            "drivers": sorted({one.version for one in drivers}),
            "vbios": sorted({one.version for one in firmware}),
            "firmware_ids": ascending(firmware_ids),
            "golden": [golden(manifests[digest]) for digest in sorted(manifests)],
        }
    }


def golden(rim: Rim) -> dict[str, object]:
    """Return the golden values of one verified manifest: SPDM index to the hashes that may stand there.

    Raises Failed `mismatch` for a manifest that demands what a release cannot say: it must not be dropped in silence.
    """
    if rim.unread:
        raise Failed(
            "mismatch", f"{rim.product} {rim.version} also demands {rim.unread[0]}, which is not a golden hash"
        )
    values = {str(index): ascending(hashes) for index, hashes in rim.values.items()}
    return {
        "device": rim.product,
        "version": rim.version,
        "expires": rim.valid_until,
        "rim": rim.digest.hex(),
        "values": values,
    }


def ascending(digests: Iterable[bytes]) -> list[str]:
    """Return digests as strictly ascending hexadecimal."""
    return sorted({one.hex() for one in digests})


def encode(parts: Iterable[Part]) -> bytes:
    """Return the `platforms` object of several parts as canonical JSON; parts of one kind are joined.

    Raises Failed `mismatch` when two parts contradict each other, `malformed` for what no client would read,
    `too_large`.
    """
    whole: dict[str, object] = {}
    for part in parts:
        for kind, value in part.items():
            whole[kind] = _joined(kind, whole[kind], value) if kind in whole else value
    try:
        reference_values.decode(whole)
        data = canonical.encode(whole)
    except Malformed as error:
        raise Failed("malformed", f"platforms: {error}") from error
    if len(data) > MAX_BYTES:
        raise Failed("too_large", f"platforms: {len(data)} bytes, at most {MAX_BYTES}")
    return data


def decode(data: bytes) -> Part:
    """Return a part that `encode` wrote. Raises Malformed."""
    value = canonical.decode(data, max_bytes=MAX_BYTES)
    return canonical.members(value, frozenset(value) if isinstance(value, dict) else frozenset(), "part")


def _joined(what: str, one: object, other: object) -> object:
    if isinstance(one, dict) and isinstance(other, dict):
        names = sorted(one.keys() | other.keys())
        return {
            name: _joined(f"{what}.{name}", one[name], other[name])
            if name in one and name in other
            else one.get(name, other.get(name))
            for name in names
        }
    if isinstance(one, list) and isinstance(other, list):
        return _union(what, [*one, *other])
    if one != other:
        raise Failed("mismatch", f"{what} differs between two parts")
    return one


def _union(what: str, entries: list[object]) -> list[object]:
    unique = {canonical.encode(entry): entry for entry in entries}
    if what == "tdx.shapes":
        ordered = sorted(unique.values(), key=_name)
        names = [_name(entry) for entry in ordered]
        if len(set(names)) != len(names):
            raise Failed("mismatch", "two machine shapes of one name")
        return ordered
    return [unique[key] for key in sorted(unique)]


def _name(entry: object) -> str:
    return str(entry["name"]) if isinstance(entry, dict) else ""
