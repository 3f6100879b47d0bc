"""Fake Intel evidence: TDX and SGX quotes, Intel's documents about them, boot logs, and whole bundles.

Every field of `Intel` is one thing that a test may change; what follows from it is computed from the changed value.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256, sha384
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from privity_protocol import binding, cbor

from privity_attest.dcap.body import SGX_SIZE
from privity_attest.dcap.quote import VENDOR
from privity_attest.measured_boot import SHA384
from privity_attest.testing.bundle import NOW, Items, same
from privity_attest.testing.intel_pki import (
    DAY,
    ISSUER,
    PCK,
    ROOT,
    SIGNER,
    Pki,
    key_of,
    public_bytes,
    sign_raw,
)
from privity_attest.testing.node import Machine

Document = dict[str, object]
SEAM: Final = bytes(48)
MRTD: Final = sha384(b"firmware").digest()
MRENCLAVE: Final = sha256(b"an enclave").digest()
MRSIGNER: Final = sha256(b"a signer").digest()
QE_SIGNER: Final = sha256(b"a quoting enclave's signer").digest()
ATTESTATION: Final = key_of(105)
AUTHENTICATION: Final = bytes(range(32))
SVN: Final = bytes([4, 1, 7]) + bytes(13)
BOOT: Final = (
    (1, 0x80000007, b"firmware and machine"),
    (2, 0x80000007, b"boot loader and kernel"),
    (3, 0x80000007, b"command line and initrd"),
    (3, 0x0D, b"described"),
)
TD_FIELDS: Final = (
    ("tee_tcb_svn", 16), ("mrseam", 48), ("mrsignerseam", 48), ("seamattributes", 8), ("tdattributes", 8), ("xfam", 8),
    ("mrtd", 48), ("mrconfigid", 48), ("mrowner", 48), ("mrownerconfig", 48), ("rtmr0", 48), ("rtmr1", 48),
    ("rtmr2", 48), ("rtmr3", 48), ("report_data", 64),
)  # fmt: skip
TD15_FIELDS: Final = (*TD_FIELDS, ("tee_tcb_svn2", 16), ("mrservicetd", 48))


@dataclass(frozen=True, slots=True)
class Intel:
    """One platform with its evidence. `body` and `qe` replace fields, the callables change what they are given."""

    tee: str = "tdx"
    version: int = 4
    wide: bool = False
    pki: Pki = field(default_factory=Pki)
    body: Mapping[str, bytes] = field(default_factory=dict)
    qe: Mapping[str, bytes] = field(default_factory=dict)
    header: Callable[[bytes], bytes] = same
    pem: Callable[[bytes], bytes] = same
    authentication: Callable[[bytes], bytes] = same
    certified: Callable[[bytes], bytes] = same
    attestation: ec.EllipticCurvePrivateKey = ATTESTATION
    quote: Callable[[bytes], bytes] = same
    tcb_info: Callable[[Document], Document] = same
    qe_identity: Callable[[Document], Document] = same
    texts: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    collateral: Callable[[Document], Document] = same
    boot: tuple[tuple[int, int, bytes], ...] = BOOT
    boot_log: Callable[[bytes], bytes] = same

    def machine(self) -> Machine:
        """Return what a whole bundle needs of this platform."""
        platform_id = sha256(self.pki.platform.ppid).digest()
        values: Document = {"mrenclave": [MRENCLAVE.hex()]}
        if self.tee == "tdx":
            registers = rtmrs(BOOT)
            shape = {"name": "c3-standard-4", "mrtd": MRTD.hex(), "rtmr0": registers[0].hex()}
            values = {
                "shapes": [shape],
                "rtmr1": [registers[1].hex()],
                "rtmr2": [registers[2].hex()],
                "mrconfigid": [bytes(48).hex()],
            }
        return Machine(self.tee, platform_id, values, self.items, runtime_log=self.tee == "tdx")

    def items(self, node_document: bytes, register: bytes) -> Items:
        """Return the items of the kind for this node document and runtime register."""
        collateral = ("dcap-collateral+cbor", self.made_collateral())
        quoted = self.made_quote(binding.report_data(node_document), register)
        if self.tee == "sgx":
            return {"cpu": ("sgx-quote", quoted), "dcap-collateral": collateral}
        boot = ("ccel", self.boot_log(ccel(self.boot)))
        return {"cpu": ("tdx-quote", quoted), "dcap-collateral": collateral, "boot-log": boot}

    def made_quote(self, report_data: bytes = bytes(64), register: bytes = bytes(48)) -> bytes:
        """Return the quote."""
        tee = 0x81 if self.tee == "tdx" else 0
        header = (
            self.version.to_bytes(2, "little") + b"\2\0" + tee.to_bytes(4, "little") + bytes(4) + VENDOR + bytes(20)
        )
        signed = self.header(header) + self._sized(self._body(report_data, register))
        data = sign_raw(self.attestation, signed) + public_bytes(self.attestation)
        certified = self.certified(self._certified())
        if self.version != 3:
            certified = b"\6\0" + len(certified).to_bytes(4, "little") + certified
        data += certified
        return self.quote(signed + len(data).to_bytes(4, "little") + data)

    def _body(self, report_data: bytes, register: bytes) -> bytes:
        if self.tee == "sgx":
            return sgx_body({"mrenclave": MRENCLAVE, "mrsigner": MRSIGNER, "report_data": report_data, **self.body})
        registers = {f"rtmr{index}": value for index, value in enumerate(rtmrs(self.boot))}
        values = {
            "tee_tcb_svn": SVN,
            "tee_tcb_svn2": SVN,
            "tdattributes": (1 << 28).to_bytes(8, "little"),
            "xfam": bytes.fromhex("e702060000000000"),
            "mrtd": MRTD,
            **registers,
            "rtmr3": register,
            "report_data": report_data,
            **self.body,
        }
        return b"".join(values.get(name, bytes(size)) for name, size in (TD15_FIELDS if self.wide else TD_FIELDS))

    def _sized(self, body: bytes) -> bytes:
        if self.version != 5:
            return body
        kind = 1 if self.tee == "sgx" else 3 if self.wide else 2
        return kind.to_bytes(2, "little") + len(body).to_bytes(4, "little") + body

    def _certified(self) -> bytes:
        vouched = sha256(public_bytes(self.attestation) + AUTHENTICATION).digest()
        values = {
            "attributes": b"\x11" + bytes(15),
            "mrsigner": QE_SIGNER,
            "prodid": b"\2\0",
            "isvsvn": b"\4\0",
            "report_data": vouched + bytes(32),
        }
        report = sgx_body({**values, **self.qe})
        given = self.authentication(AUTHENTICATION)
        pem = self.pem(pem_of(self.pki.make(PCK).certificate, self.pki.make(ISSUER).certificate, self.root))
        signature = sign_raw(self.pki.key(PCK), report)
        counted = len(given).to_bytes(2, "little") + given + b"\5\0" + len(pem).to_bytes(4, "little") + pem
        return report + signature + counted

    @property
    def root(self) -> bytes:
        """Return the root's certificate."""
        return self.pki.make(ROOT).certificate

    def members(self) -> Document:
        """Return the members of the collateral, texts as text."""
        signer = [self.pki.make(SIGNER).certificate, self.root]
        texts = {
            "tcb_info": json.dumps(self.tcb_info(self._tcb_info()), separators=(",", ":")),
            "qe_identity": json.dumps(self.qe_identity(self._qe_identity()), separators=(",", ":")),
        }
        texts = {name: self.texts.get(name, same)(text) for name, text in texts.items()}
        key = self.pki.key(SIGNER)
        return self.collateral(
            {
                "pck_crl_issuer_chain": [self.pki.make(ISSUER).certificate, self.root],
                "root_ca_crl": self.pki.crl(ROOT),
                "pck_crl": self.pki.crl(ISSUER),
                "tcb_info_issuer_chain": signer,
                "tcb_info_signature": sign_raw(key, texts["tcb_info"].encode()),
                "qe_identity_issuer_chain": signer,
                "qe_identity_signature": sign_raw(key, texts["qe_identity"].encode()),
                **texts,
            }
        )

    def made_collateral(self) -> bytes:
        """Return the item `dcap-collateral`."""
        return cbor.encode(dict(self.members()))  # type: ignore[arg-type]

    def _tcb_info(self) -> Document:
        tdx = self.tee == "tdx"
        platform = self.pki.platform
        lower = bytes(max(0, svn - 1) for svn in platform.components)
        value: Document = {
            "id": "TDX" if tdx else "SGX",
            "version": 3,
            "issueDate": stamp(NOW - DAY),
            "nextUpdate": stamp(NOW + 29 * DAY),
            "fmspc": platform.fmspc.hex().upper(),
            "pceId": platform.pceid.hex(),
            "tcbType": 0,
            "tcbEvaluationDataNumber": 18,
            "tcbLevels": [
                level(components(platform.components, 11, bytes([5, 0, 7]) + bytes(13) if tdx else None)),
                level(
                    components(lower, 5, bytes([2, 0, 5]) + bytes(13) if tdx else None), "OutOfDate", ["INTEL-SA-00001"]
                ),
            ],
        }
        if tdx:
            signed = {"mrsigner": bytes(48).hex(), "attributes": bytes(8).hex(), "attributesMask": "FF" * 8}
            levels = [level({"isvsvn": 4}), level({"isvsvn": 2}, "OutOfDate", ["INTEL-SA-00002"])]
            value |= {"tdxModule": signed, "tdxModuleIdentities": [{"id": "TDX_01", **signed, "tcbLevels": levels}]}
        return value

    def _qe_identity(self) -> Document:
        return {
            "id": "TD_QE" if self.tee == "tdx" else "QE",
            "version": 2,
            "issueDate": stamp(NOW - DAY),
            "nextUpdate": stamp(NOW + 29 * DAY),
            "tcbEvaluationDataNumber": 18,
            "miscselect": "00000000",
            "miscselectMask": "FFFFFFFF",
            "attributes": "11" + "00" * 15,
            "attributesMask": "FBFFFFFFFFFFFFFF" + "00" * 8,
            "mrsigner": QE_SIGNER.hex().upper(),
            "isvprodid": 2,
            "tcbLevels": [level({"isvsvn": 4}), level({"isvsvn": 3}, "OutOfDate", ["INTEL-SA-00003"])],
        }


def stamp(seconds: int) -> str:
    """Return a time as Intel writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def components(sgx: bytes, pcesvn: int, tdx: bytes | None) -> Document:
    """Return what a platform level demands."""
    listed: Document = {"sgxtcbcomponents": [{"svn": svn} for svn in sgx], "pcesvn": pcesvn}
    return listed if tdx is None else {**listed, "tdxtcbcomponents": [{"svn": svn} for svn in tdx]}


def level(
    tcb: Document, status: str = "UpToDate", advisories: list[str] | None = None, date: int = NOW - 90 * DAY
) -> Document:
    """Return one level."""
    value: Document = {"tcb": tcb, "tcbDate": stamp(date), "tcbStatus": status}
    return value if advisories is None else {**value, "advisoryIDs": advisories}


def pem_of(*certificates: bytes) -> bytes:
    """Return a chain as quotes carry it."""
    lines = []
    for one in certificates:
        text = b64encode(one)
        lines += [b"-----BEGIN CERTIFICATE-----", *(text[at : at + 64] for at in range(0, len(text), 64))]
        lines.append(b"-----END CERTIFICATE-----")
    return b"\n".join(lines) + b"\n\0"


def sgx_body(fields: Mapping[str, bytes]) -> bytes:
    """Return an enclave's report."""
    places = {
        "cpu_svn": 0, "miscselect": 16, "attributes": 48, "mrenclave": 64, "mrsigner": 128, "prodid": 256,
        "isvsvn": 258, "report_data": 320,
    }  # fmt: skip
    data = bytearray(SGX_SIZE)
    for name, value in fields.items():
        data[places[name] : places[name] + len(value)] = value
    return bytes(data)


def rtmrs(events: tuple[tuple[int, int, bytes], ...]) -> tuple[bytes, ...]:
    """Return RTMR0 to RTMR3 after `events` (CCEL register, type, data)."""
    registers = [bytes(48)] * 4
    for register, _, data in events:
        registers[register - 1] = sha384(registers[register - 1] + sha384(data).digest()).digest()
    return tuple(registers)


def ccel(events: tuple[tuple[int, int, bytes], ...]) -> bytes:
    """Return a boot log of `events`, each digest the hash of its data, closed by 0xFF."""
    named = b"Spec ID Event03\0" + bytes(4) + bytes([0, 2, 0, 2]) + (1).to_bytes(4, "little")
    named += SHA384.algorithm.to_bytes(2, "little") + SHA384.size.to_bytes(2, "little") + b"\0"
    log = (1).to_bytes(4, "little") + (3).to_bytes(4, "little") + bytes(20) + len(named).to_bytes(4, "little") + named
    for register, kind, data in events:
        log += boot_event(register, kind, sha384(data).digest(), data)
    return log + b"\xff" * 16


def boot_event(register: int, kind: int, digest: bytes, data: bytes) -> bytes:
    """Return one record of a boot log."""
    head = register.to_bytes(4, "little") + kind.to_bytes(4, "little") + (1).to_bytes(4, "little")
    head += SHA384.algorithm.to_bytes(2, "little") + digest
    return head + len(data).to_bytes(4, "little") + data
