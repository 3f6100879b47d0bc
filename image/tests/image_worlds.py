"""Self-made Intel, AMD and NVIDIA: a vendor's keys, and what its service would answer about one machine."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from image_pki import DAY, NOW, Authority, at, root
from image_server import Reply, Vendors
from privity_attest.testing.rsa import FIRST, SECOND
from privity_image.collateral.subject import Dcap, Devices, SevSnp
from privity_image.trust import Roots

FMSPC = bytes.fromhex("90c06f000000")
DCAP = Dcap("tdx", FMSPC, "platform")
PCS = "/tdx/certification/v4"
TCB_PATH = f"{PCS}/tcb?fmspc=90c06f000000&update=early"
QE_PATH = f"{PCS}/qe/identity?update=early"
CRL_PATH = "/sgx/certification/v4/pckcrl?ca=platform&encoding=der"
ROOT_CRL_PATH = "/IntelSGXRootCA.der"
CHIP = bytes(range(64))
TCB = {"bootloader": 10, "tee": 0, "snp": 23, "microcode": 213}
SNP = SevSnp("Genoa", CHIP, TCB, None)
VCEK_PATH = f"/vcek/v1/Genoa/{CHIP.hex()}?blSPL=10&teeSPL=00&snpSPL=23&ucodeSPL=213"


def moment(seconds: int) -> str:
    """A time as Intel writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Intel:
    """Intel's hierarchy."""

    root: Authority
    pck: Authority
    tcb: Authority

    def signed(self, name: str, value: dict[str, object]) -> bytes:
        """A signed JSON answer."""
        text = json.dumps(value, separators=(",", ":"))
        key = self.tcb.key
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(SHA256())))
        return f'{{"{name}":{text},"signature":"{(r.to_bytes(32) + s.to_bytes(32)).hex()}"}}'.encode()

    def chain(self, header: str, signer: Authority) -> dict[str, str]:
        """An issuer chain in a header."""
        return {header: quote((signer.pem + self.root.pem).decode())}

    def dated(self, identity: str, since: int, until: int, **more: object) -> dict[str, object]:
        """The common members of what Intel signs."""
        named = {"id": identity, "issueDate": moment(since), "nextUpdate": moment(until)}
        return {**named, "tcbEvaluationDataNumber": 20, **more}

    def tcb_info(self, since: int, until: int, **more: object) -> dict[str, object]:
        """TCB info with one level."""
        signer = {"mrsigner": "00" * 48, "attributes": "00" * 8, "attributesMask": "ff" * 8}
        components = [{"svn": 1}] * 16
        level = {"sgxtcbcomponents": components, "tdxtcbcomponents": components, "pcesvn": 11}
        levels = [{"tcb": level, "tcbDate": moment(since), "tcbStatus": "UpToDate"}]
        fixed = {"version": 3, "pceId": "0000", "tcbType": 0, "tdxModule": signer, "tcbLevels": levels}
        return self.dated("TDX", since, until, fmspc=FMSPC.hex().upper(), **(fixed | more))

    def qe_identity(self, since: int, until: int, **more: object) -> dict[str, object]:
        """The quoting enclave's identity with one level."""
        levels = [{"tcb": {"isvsvn": 4}, "tcbDate": moment(since), "tcbStatus": "UpToDate"}]
        masks = {"miscselect": "00" * 4, "miscselectMask": "ff" * 4, "attributes": "00" * 16}
        masks |= {"attributesMask": "ff" * 16, "mrsigner": "00" * 32}
        fixed = masks | {"version": 2, "isvprodid": 2, "tcbLevels": levels}
        return self.dated("TD_QE", since, until, **(fixed | more))

    def answers(self, *, since: int = NOW - DAY, until: int = NOW + 29 * DAY) -> dict[str, Reply]:
        """Everything about the machine DCAP."""
        tcb, qe = self.tcb_info(since, until), self.qe_identity(since, until)
        return {
            TCB_PATH: Reply(self.signed("tcbInfo", tcb), headers=self.chain("TCB-Info-Issuer-Chain", self.tcb)),
            QE_PATH: Reply(
                self.signed("enclaveIdentity", qe), headers=self.chain("SGX-Enclave-Identity-Issuer-Chain", self.tcb)
            ),
            CRL_PATH: Reply(
                self.pck.crl(7, since=since, until=until), headers=self.chain("SGX-PCK-CRL-Issuer-Chain", self.pck)
            ),
            ROOT_CRL_PATH: Reply(self.root.crl(since=since, until=NOW + 300 * DAY)),
        }


@cache
def intel() -> Intel:
    """The one Intel of these tests."""
    top = root("Test Intel SGX Root CA", ec.generate_private_key(ec.SECP256R1()))
    pck = top.below("Test Intel SGX PCK Platform CA", ec.generate_private_key(ec.SECP256R1()))
    tcb = top.below("Test Intel SGX TCB Signing", ec.generate_private_key(ec.SECP256R1()), authority=False)
    return Intel(top, pck, tcb)


def raw(oid: str, value: bytes) -> x509.UnrecognizedExtension:
    """A vendor's extension."""
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)


def der_integer(value: int) -> bytes:
    """A DER INTEGER below 256."""
    return bytes([2, 1, value]) if value < 128 else bytes([2, 2, 0, value])


@dataclass
class Amd:
    """AMD's hierarchy of one product."""

    ark: Authority
    ask: Authority
    asvk: Authority

    def vcek(self, chip: bytes = CHIP, tcb: dict[str, int] = TCB, **options: object) -> bytes:
        """A chip's certificate."""
        oids = {"bootloader": 1, "tee": 2, "snp": 3, "microcode": 8, "fmc": 9}
        levels = [raw(f"1.3.6.1.4.1.3704.1.3.{oids[name]}", der_integer(level)) for name, level in tcb.items()]
        extensions = (*levels, raw("1.3.6.1.4.1.3704.1.4", chip))
        key = ec.generate_private_key(ec.SECP384R1())
        issued = self.ask.issue("SEV-VCEK", key, authority=False, extensions=extensions, **options)
        return issued.public_bytes(Encoding.DER)

    def answers(self, product: str = "Genoa") -> dict[str, Reply]:
        """Everything that does not depend on the chip."""
        return {
            f"/vcek/v1/{product}/cert_chain": Reply(self.ask.pem + self.ark.pem),
            f"/vlek/v1/{product}/cert_chain": Reply(self.asvk.pem + self.ark.pem),
            f"/vcek/v1/{product}/crl": Reply(self.ark.crl(3, until=NOW + 300 * DAY)),
            f"/vlek/v1/{product}/crl": Reply(self.ark.crl(3, until=NOW + 300 * DAY)),
        }


@cache
def amd() -> Amd:
    """The one AMD of these tests. Its keys are fixed, because such keys take a second to make."""
    ark = root("ARK-Test", FIRST.key)
    return Amd(ark, ark.below("SEV-Test", SECOND.key), ark.below("SEV-VLEK-Test", SECOND.key))


@cache
def device() -> tuple[Authority, ...]:
    """An NVIDIA device's chain, leaf first."""
    top = root("Test NVIDIA Device Identity CA", until=253_402_300_799)
    identity = top.below("Test Identity")
    provisioner = identity.below("Test Provisioner")
    brom = provisioner.below("Test BROM")
    return brom.below("Test FMC", authority=False), brom, provisioner, identity, top


def devices() -> Devices:
    """The device as a subject."""
    return Devices((tuple(one.certificate for one in device()),))


def question(subject: Authority, issuer: Authority) -> bytes:
    """The OCSP request that a fetcher must send, built here independently of it."""
    built = ocsp.OCSPRequestBuilder().add_certificate(subject.certificate, issuer.certificate, SHA384()).build()
    return built.public_bytes(Encoding.DER)


def status(
    subject: Authority,
    issuer: Authority,
    kind: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    *,
    responder: Authority | None = None,
    since: int = NOW - 3600,
    until: int | None = NOW + DAY,
) -> bytes:
    """An OCSP answer, by the issuer itself or by a responder whose certificate comes along."""
    signer = responder or issuer
    revoked = kind is ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        subject.certificate,
        issuer.certificate,
        SHA384(),
        kind,
        at(since),
        None if until is None else at(until),
        at(since) if revoked else None,
        x509.ReasonFlags.unspecified if revoked else None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, signer.certificate)
    if responder:
        builder = builder.certificates([responder.certificate])
    return builder.sign(signer.key, SHA384()).public_bytes(Encoding.DER)


def pairs(path: Sequence[Authority]) -> list[tuple[Authority, Authority]]:
    """Who is asked about at whom: all but the leaf and the root."""
    return list(pairwise(path[1:]))


def load_devices(vendors: Vendors) -> None:
    """Good answers about the device."""
    for subject, issuer in pairs(device()):
        vendors.bodies[question(subject, issuer)] = Reply(status(subject, issuer))


def rim_answer(name: str, xml: bytes) -> Reply:
    """The RIM service's answer."""
    value = {"id": name, "rim": base64.b64encode(xml).decode(), "sha256": "-", "rim_format": "TCG_RIM"}
    return Reply(json.dumps(value).encode())


def roots(rim: frozenset[bytes] = frozenset()) -> Roots:
    """The pins of all these vendors."""
    pins = amd().ark.pins
    return Roots(intel().root.pins, {"Milan": pins, "Genoa": pins, "Turin": pins}, device()[-1].pins, rim)
