"""`privity-image measure …`: one part of the release manifest's `platforms` per command, canonical JSON."""

import json
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_image.errors import Failed
from privity_image.reference_values import boot, eif, pe, platforms, rim, snp, tdvf
from privity_image.trust import PINNED

MAX_FILE = 4 * 1024 * 1024 * 1024
REGISTER = 48


def read(path: Path, most: int = MAX_FILE) -> bytes:
    """Return a file of at most `most` bytes. Raises Failed `configuration`, `too_large`."""
    try:
        if path.stat().st_size > most:
            raise Failed("too_large", f"{path}: more than {most} bytes")
        return path.read_bytes()
    except OSError as error:
        raise Failed("configuration", str(error)) from error


def digest(text: str, size: int, what: str) -> bytes:
    """Return hexadecimal text as `size` bytes. Raises Failed `configuration`."""
    try:
        value = bytes.fromhex(text)
    except ValueError as error:
        raise Failed("configuration", f"{what} is not hexadecimal") from error
    if len(value) != size:
        raise Failed("configuration", f"{what} is {len(value)} bytes where {size} are due")
    return value


def write(parts: Iterable[platforms.Part], out: Path | None) -> int:
    """Write the joined parts; return the exit code. Raises Failed."""
    return _write(platforms.encode(parts), out)


def _write(data: bytes, out: Path | None) -> int:
    try:
        if out is None:
            sys.stdout.buffer.write(data + b"\n")
            sys.stdout.buffer.flush()
        else:
            out.write_bytes(data)
    except OSError as error:
        raise Failed("store", str(error)) from error
    return 0


def tdx(
    *,
    shape: str,
    firmware: Path,
    order: str,
    rtmr0: str,
    mrconfigid: str,
    image: Path | None,
    partition_table: Path | None,
    kernel: Path | None,
    initrd: Path | None,
    command_line: str,
    initrd_option: str,
) -> platforms.Part:
    """Return the part of one shape and one image: a kernel for direct boot, or a UKI with its partition table."""
    if (image is None) == (kernel is None) or (image is None) != (partition_table is None):
        raise Failed("configuration", "give --kernel for direct boot, or --uki with --partition-table")
    if image is not None and partition_table is not None:
        rtmr1, rtmr2 = boot.unified(read(image), read(partition_table))
    else:
        option = boot.InitrdOption(initrd_option)
        contents = read(initrd) if initrd else None
        rtmr1, rtmr2 = boot.direct(read(kernel or Path()), command_line, contents, option)
    measured = tdvf.mrtd(read(firmware), tdvf.Order(order))
    return platforms.tdx(
        shapes={shape: (measured, digest(rtmr0, REGISTER, "RTMR0"))},
        rtmr1=[rtmr1],
        rtmr2=[rtmr2],
        mrconfigid=digest(mrconfigid or "00" * REGISTER, REGISTER, "MRCONFIGID"),
    )


def sev_snp(
    *,
    firmware: Path,
    cpu_types: Sequence[str],
    vcpus: Sequence[int],
    kernel: Path | None,
    initrd: Path | None,
    command_line: str,
    guest_features: int,
    host_data: Sequence[str],
) -> platforms.Part:
    """Return the part of an SNP image with a launch digest per vCPU type and count."""
    direct = (kernel, initrd, command_line) if kernel else None
    found = snp.launch_digests(firmware, cpu_types=cpu_types, vcpus=vcpus, boot=direct, guest_features=guest_features)
    return platforms.sev_snp(measurement=found.values(), host_data=[digest(one, 32, "HOST_DATA") for one in host_data])


def nitro(image: Path) -> platforms.Part:
    """Return the part of an enclave image file."""
    return platforms.nitro(pcrs=eif.pcrs(read(image)))


def sgx(mrenclave: Sequence[str]) -> platforms.Part:
    """Return the part of SGX enclaves, whose own build tells MRENCLAVE."""
    return platforms.sgx(mrenclave=[digest(one, 32, "MRENCLAVE") for one in mrenclave])


def sim_tpm(image: Path | None, sections: Path | None) -> platforms.Part:
    """Return the part of a simulated measured boot, from a UKI or from the digests of its sections."""
    if (image is None) == (sections is None):
        raise Failed("configuration", "give --uki or --sections")
    if image is not None:
        return platforms.sim_tpm(pcr11=boot.pcr11_of_image(read(image, pe.MAX_BYTES)))
    return platforms.sim_tpm(pcr11=boot.pcr11(_sections(read(sections or Path(), 64 * 1024))))


def _sections(data: bytes) -> dict[str, bytes]:
    try:
        value = json.loads(data)
        return {str(name): bytes.fromhex(one) for name, one in value.items()}
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise Failed("configuration", "sections are an object of names and SHA-256 in hexadecimal") from error


def gpu(
    *, count: int, switches: int, drivers: Sequence[Path], firmware: Sequence[Path], firmware_ids: Sequence[str]
) -> platforms.Part:
    """Return the part about devices from verified manifests; what has expired is told on standard error."""
    return platforms.gpu(
        count=count,
        switches=switches,
        drivers=[manifest(path) for path in drivers],
        firmware=[manifest(path) for path in firmware],
        firmware_ids=[digest(one, REGISTER, "firmware id") for one in firmware_ids],
    )


def manifest(path: Path) -> rim.Rim:
    """Return a verified manifest. Raises Failed `signature` with all reasons."""
    try:
        found = rim.verify(read(path, rim.MAX_BYTES + 1), pins=PINNED.nvidia_rim)
    except rim.RimRefused as refused:
        raise Failed("signature", f"{path}: {refused}") from refused
    reason = found.expiry(int(time.time()))
    if reason:
        print(f"! {path}: {reason}: its signers were valid until Unix time {found.valid_until}", file=sys.stderr)
    return found


def golden(path: Path, out: Path | None) -> int:
    """Write the golden values of one manifest with the SHA-256 of its XML."""
    return _write(canonical.encode(platforms.golden(manifest(path))), out)


def joined(parts: Sequence[Path], out: Path | None) -> int:
    """Write the `platforms` object of several parts."""
    try:
        return write([platforms.decode(read(path, platforms.MAX_BYTES).rstrip(b"\n")) for path in parts], out)
    except Malformed as error:
        raise Failed("malformed", f"not a part: {error}") from error
