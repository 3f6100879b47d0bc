"""What each vendor's answers become, from self-made vendors and from what real ones signed."""

import json
from datetime import datetime
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from image_pki import DAY, NOW, at, root
from image_rim import manifest, signers
from image_run import Stand
from image_server import Reply, serving
from image_worlds import (
    CHIP,
    CRL_PATH,
    DCAP,
    QE_PATH,
    ROOT_CRL_PATH,
    SNP,
    TCB,
    TCB_PATH,
    VCEK_PATH,
    amd,
    device,
    devices,
    intel,
    load_devices,
    pairs,
    question,
    rim_answer,
    roots,
    status,
)
from privity_attest import evidence_files
from privity_image.collateral.subject import SevSnp, Subject, from_quote, from_report
from privity_image.trust import PINNED
from privity_protocol import cbor

GOOD_SNP = {"snp-issuers": None, "snp-leaf": None, "snp-crl": None}


@pytest.fixture
def vendors():
    with serving() as running:
        yield running


def decoded(stand: Stand, label: str):
    """A stored CBOR item."""
    return cbor.decode(stand.folder.read(label) or b"")


def test_intels_answers_become_one_item(tmp_path, vendors) -> None:
    vendors.replies |= intel().answers()
    stand = Stand(tmp_path, vendors, Subject(dcap=DCAP))
    assert stand.fetch() == {"dcap-collateral": None}
    assert vendors.asked == [TCB_PATH, QE_PATH, CRL_PATH, ROOT_CRL_PATH]
    item = decoded(stand, "dcap-collateral")
    assert item["pck_crl"] == vendors.replies[CRL_PATH].body
    assert item["tcb_info_issuer_chain"] == [intel().tcb.der, intel().root.der]
    assert f'{{"tcbInfo":{item["tcb_info"]},"sig'.encode() in vendors.replies[TCB_PATH].body
    assert len(item["tcb_info_signature"]) == len(item["qe_identity_signature"]) == 64


INTEL_CASES = [
    "v4-b0c06f-uptodate",
    "v4-20a06f-uptodate",
    "v4-00806f-gcp-cos113-module-svn",
    "v5-90c06f-uptodate",
    "v4-50806f-debug",
    "v3-00a067-config-sw-hardening",
]


@pytest.mark.parametrize("name", INTEL_CASES)
def test_what_intel_signed_is_accepted_and_kept_byte_for_byte(tmp_path, vendors, request, name) -> None:
    shared = request.getfixturevalue("vectors")
    case = shared.case(name)
    told = shared.json(case["files"]["collateral"])
    subject = from_quote(shared.read(case["files"]["quote"]))
    assert (subject.fmspc.hex(), subject.tee) == (case["claims"]["fmspc"], "sgx" if name.startswith("v3") else "tdx")
    base = f"/{subject.tee}/certification/v4"
    answers = {
        f"{base}/tcb?fmspc={subject.fmspc.hex()}&update=early": ("tcbInfo", "tcb_info", "TCB-Info-Issuer-Chain"),
        f"{base}/qe/identity?update=early": ("enclaveIdentity", "qe_identity", "SGX-Enclave-Identity-Issuer-Chain"),
    }
    for path, (wire, member, header) in answers.items():
        body = f'{{"{wire}":{told[member]},"signature":"{told[member + "_signature"]}"}}'
        vendors.replies[path] = Reply(body.encode(), headers={header: quote(told[f"{member}_issuer_chain"])})
    lists = f"/sgx/certification/v4/pckcrl?ca={subject.authority}&encoding=der"
    chain = {"SGX-PCK-CRL-Issuer-Chain": quote(told["pck_crl_issuer_chain"])}
    vendors.replies[lists] = Reply(bytes.fromhex(told["pck_crl"]), headers=chain)
    vendors.replies[ROOT_CRL_PATH] = Reply(bytes.fromhex(told["root_ca_crl"]))
    stand = Stand(tmp_path, vendors, Subject(dcap=subject))
    assert stand.fetch(case["verify_as_of_unix"], PINNED) == {"dcap-collateral": None}
    item = decoded(stand, "dcap-collateral")
    assert (item["tcb_info"], item["qe_identity"]) == (told["tcb_info"], told["qe_identity"])
    assert item["qe_identity_signature"].hex() == told["qe_identity_signature"]
    assert [x509.load_der_x509_certificate(one) for one in item["pck_crl_issuer_chain"]] == (
        x509.load_pem_x509_certificates(told["pck_crl_issuer_chain"].encode())
    )
    assert stand.folder.read("dcap-collateral") == evidence_files.dcap_collateral(
        shared.read(case["files"]["collateral"])
    )


def replaced(path: str, **changes: object):
    """Intel's answers with one of them changed."""
    answers = intel().answers()
    answers[path] = Reply(**({"body": answers[path].body, "headers": answers[path].headers} | changes))
    return answers


def signed_otherwise(name: str, identity: str, **more: object) -> bytes:
    return intel().signed(name, intel().dated(identity, NOW - DAY, NOW + DAY, **more))


INTEL_FAULTS = {
    "no issuer chain": (replaced(TCB_PATH, headers={}), "malformed"),
    "foreign root": (
        replaced(TCB_PATH, headers={"TCB-Info-Issuer-Chain": quote(root("Other").pem.decode())}),
        "root_not_pinned",
    ),
    "one byte of signed text": (
        replaced(TCB_PATH, body=intel().answers()[TCB_PATH].body.replace(b'"pcesvn":11', b'"pcesvn":10')),
        "signature",
    ),
    "another platform": (replaced(TCB_PATH, body=signed_otherwise("tcbInfo", "TDX", fmspc="00" * 6)), "mismatch"),
    "SGX for TDX": (replaced(TCB_PATH, body=signed_otherwise("tcbInfo", "SGX", fmspc="90c06f000000")), "mismatch"),
    "another enclave": (replaced(QE_PATH, body=signed_otherwise("enclaveIdentity", "QE")), "mismatch"),
    "identity for TCB": (replaced(TCB_PATH, body=signed_otherwise("enclaveIdentity", "TDX")), "malformed"),
    "no dates": (replaced(QE_PATH, body=intel().signed("enclaveIdentity", {"id": "TD_QE"})), "malformed"),
    "list of another authority": (replaced(CRL_PATH, body=intel().root.crl()), "signature"),
    "list that is none": (replaced(ROOT_CRL_PATH, body=b"0"), "malformed"),
    "expired": (intel().answers(since=NOW - 40 * DAY, until=NOW), "not_current"),
    "from the future": (intel().answers(since=NOW + 1), "not_current"),
}


@pytest.mark.parametrize("fault", INTEL_FAULTS)
def test_a_fault_of_intels_answers_has_its_reason_and_stores_nothing(tmp_path, vendors, fault) -> None:
    answers, reason = INTEL_FAULTS[fault]
    vendors.replies |= answers
    stand = Stand(tmp_path, vendors, Subject(dcap=DCAP))
    assert stand.fetch() == {"dcap-collateral": reason}
    assert not (tmp_path / "dcap-collateral").exists()


def test_amds_answers_become_three_items(tmp_path, vendors) -> None:
    vendors.replies |= amd().answers() | {VCEK_PATH: Reply(amd().vcek())}
    stand = Stand(tmp_path, vendors, Subject(sev_snp=SNP))
    assert stand.fetch() == GOOD_SNP
    assert vendors.asked == ["/vcek/v1/Genoa/cert_chain", VCEK_PATH, "/vcek/v1/Genoa/crl"]
    assert decoded(stand, "snp-issuers") == [amd().ask.der, amd().ark.der]
    assert stand.folder.read("snp-leaf") == vendors.replies[VCEK_PATH].body


def test_turin_has_a_short_id_and_one_more_level(tmp_path, vendors) -> None:
    tcb = TCB | {"fmc": 1}
    chip = CHIP[:8]
    path = f"/vcek/v1/Turin/{chip.hex()}?fmcSPL=01&blSPL=10&teeSPL=00&snpSPL=23&ucodeSPL=213"
    vendors.replies |= amd().answers("Turin") | {path: Reply(amd().vcek(chip, tcb))}
    stand = Stand(tmp_path, vendors, Subject(sev_snp=SevSnp("Turin", chip, tcb, None)))
    assert stand.fetch() == GOOD_SNP
    assert path in vendors.asked


def test_a_vlek_comes_from_the_operator_and_only_its_chain_from_amd(tmp_path, vendors) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    vlek = amd().asvk.issue("SEV-VLEK", key, authority=False).public_bytes(Encoding.DER)
    vendors.replies |= amd().answers("Milan")
    stand = Stand(tmp_path, vendors, Subject(sev_snp=SevSnp("Milan", bytes(64), {}, vlek)))
    assert stand.fetch() == GOOD_SNP
    assert vendors.asked == ["/vlek/v1/Milan/cert_chain", "/vlek/v1/Milan/crl"]
    assert stand.folder.read("snp-leaf") == vlek


def test_the_key_service_is_asked_once_for_what_does_not_change(tmp_path, vendors) -> None:
    vendors.replies |= amd().answers() | {VCEK_PATH: Reply(amd().vcek())}
    stand = Stand(tmp_path, vendors, Subject(sev_snp=SNP))
    stand.fetch()
    vendors.asked.clear()
    assert stand.fetch(NOW) == GOOD_SNP
    assert vendors.asked == ["/vcek/v1/Genoa/crl"]
    vendors.asked.clear()
    stand.fetch(NOW + 318 * DAY)
    assert VCEK_PATH in vendors.asked


AMD_FAULTS = {
    "another chip": (amd().vcek(bytes(64)), "mismatch"),
    "another level": (amd().vcek(tcb=TCB | {"microcode": 1}), "mismatch"),
    "no levels": (amd().vcek(tcb={}), "mismatch"),
    "another issuer": (
        amd().asvk.issue("x", ec.generate_private_key(ec.SECP384R1())).public_bytes(Encoding.DER),
        "signature",
    ),
    "not a certificate": (b"<html>", "malformed"),
    "expired": (amd().vcek(until=NOW), "not_current"),
}


@pytest.mark.parametrize("fault", AMD_FAULTS)
def test_a_fault_of_a_chips_certificate_has_its_reason(tmp_path, vendors, fault) -> None:
    body, reason = AMD_FAULTS[fault]
    vendors.replies |= amd().answers() | {VCEK_PATH: Reply(body)}
    stand = Stand(tmp_path, vendors, Subject(sev_snp=SNP))
    assert stand.fetch() == GOOD_SNP | {"snp-leaf": reason}
    assert not (tmp_path / "snp-leaf").exists()


def test_the_wrong_signing_key_or_root_blocks_what_depends_on_it(tmp_path, vendors) -> None:
    vendors.replies |= amd().answers()
    vendors.replies["/vcek/v1/Genoa/cert_chain"] = Reply(amd().asvk.pem + amd().ark.pem)
    stand = Stand(tmp_path, vendors, Subject(sev_snp=SNP))
    blocked = {"snp-leaf": "unreachable", "snp-crl": "unreachable"}
    assert stand.fetch() == {"snp-issuers": "mismatch"} | blocked
    vendors.replies["/vcek/v1/Genoa/cert_chain"] = Reply(amd().ask.pem + amd().ark.pem)
    assert stand.fetch(pins=PINNED) == {"snp-issuers": "root_not_pinned"} | blocked
    vendors.replies["/vcek/v1/Genoa/cert_chain"] = Reply(amd().ask.pem)
    assert stand.fetch() == {"snp-issuers": "malformed"} | blocked


@pytest.mark.parametrize("name", ["milan-v3", "genoa-v3", "genoa-v5-siena", "turin-v5"])
def test_what_amd_signed_is_accepted(tmp_path, vendors, request, name) -> None:
    shared = request.getfixturevalue("vectors")
    case = shared.case(name)
    subject = from_report(shared.read(case["files"]["report"]), None)
    levels = {"bl": "bootloader", "ucode": "microcode"}
    assert subject.tcb == {levels.get(k, k): one for k, one in case["claims"]["reported_tcb"].items()}
    stand = Stand(tmp_path, vendors, Subject(sev_snp=subject))
    base = f"/vcek/v1/{subject.product}"
    names = [("fmc", "fmc"), ("bl", "bootloader"), ("tee", "tee"), ("snp", "snp"), ("ucode", "microcode")]
    query = "&".join(f"{wire}SPL={subject.tcb[ours]:02}" for wire, ours in names if ours in subject.tcb)
    vendors.replies[f"{base}/cert_chain"] = Reply(shared.read(case["files"]["chain"]))
    vendors.replies[f"{base}/{subject.chip_id.hex()}?{query}"] = Reply(shared.read(case["files"]["leaf"]))
    found = stand.fetch(case["verify_as_of_unix"], PINNED)
    assert found == {"snp-issuers": None, "snp-leaf": None, "snp-crl": "not_found"}
    assert stand.folder.read("snp-issuers") == evidence_files.issuers(shared.read(case["files"]["chain"]))
    assert stand.folder.read("snp-leaf") == shared.read(case["files"]["leaf"])


def test_a_vlek_signed_report_needs_the_certificate_of_the_cloud(request) -> None:
    shared = request.getfixturevalue("vectors")
    files = shared.case("milan-v3-vlek")["files"]
    leaf = shared.read(files["leaf"])
    assert from_report(shared.read(files["report"]), leaf).vlek == leaf
    with pytest.raises(Exception, match="VLEK-signed"):
        from_report(shared.read(files["report"]), None)


def test_nvidia_is_asked_about_everything_between_leaf_and_root(tmp_path, vendors) -> None:
    load_devices(vendors)
    stand = Stand(tmp_path, vendors, Subject(devices=devices()))
    assert stand.fetch() == {"nvidia-ocsp": None}
    assert decoded(stand, "nvidia-ocsp") == [vendors.bodies[question(*one)].body for one in pairs(device())]
    assert len(vendors.asked) == 3


def test_a_device_below_another_root_is_not_asked_about(tmp_path, vendors) -> None:
    load_devices(vendors)
    stand = Stand(tmp_path, vendors, Subject(devices=devices()))
    assert stand.fetch(pins=PINNED) == {"nvidia-ocsp": "root_not_pinned"}
    assert vendors.asked == []


def test_devices_that_share_issuers_ask_once(tmp_path, vendors) -> None:
    load_devices(vendors)
    twice = devices().chains * 2
    stand = Stand(tmp_path, vendors, Subject(devices=type(devices())(twice)))
    assert stand.fetch() == {"nvidia-ocsp": None}
    assert len(vendors.asked) == 3


def test_a_responder_authorised_by_the_issuer_is_accepted_and_another_is_not(tmp_path, vendors) -> None:
    load_devices(vendors)
    subject, issuer = pairs(device())[0]
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
    good = issuer.below("Responder", authority=False, extensions=(usage,))
    stand = Stand(tmp_path, vendors, Subject(devices=devices()))
    vendors.bodies[question(subject, issuer)] = Reply(status(subject, issuer, responder=good))
    assert stand.fetch() == {"nvidia-ocsp": None}
    assert any(one.what.endswith("responder") for one in stand.folder.entries["nvidia-ocsp"].periods)
    expired = issuer.below("Expired responder", authority=False, extensions=(usage,), until=NOW)
    vendors.bodies[question(subject, issuer)] = Reply(status(subject, issuer, responder=expired))
    assert stand.fetch() == {"nvidia-ocsp": "not_current"}
    web = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    others = [
        issuer.below("No purpose", authority=False),
        issuer.below("Another purpose", authority=False, extensions=(web,)),
        device()[-1].below("Another issuer", extensions=(usage,)),
    ]
    for other in others:
        vendors.bodies[question(subject, issuer)] = Reply(status(subject, issuer, responder=other))
        assert stand.fetch() == {"nvidia-ocsp": "signature"}


def test_a_revocation_is_stored_and_told_because_an_older_answer_would_hide_it(tmp_path, vendors) -> None:
    load_devices(vendors)
    stand = Stand(tmp_path, vendors, Subject(devices=devices()))
    stand.fetch()
    subject, issuer = pairs(device())[1]
    revoked = status(subject, issuer, ocsp.OCSPCertStatus.REVOKED)
    vendors.bodies[question(subject, issuer)] = Reply(revoked)
    assert stand.fetch() == {"nvidia-ocsp": None}
    assert revoked in decoded(stand, "nvidia-ocsp")
    assert "revoked" in stand.folder.entries["nvidia-ocsp"].notes[0]


def bad_signature() -> bytes:
    subject, issuer = pairs(device())[0]
    good = status(subject, issuer)
    return good[:-1] + bytes([good[-1] ^ 1])


OCSP_FAULTS = {
    "about another certificate": (status(*pairs(device())[1]), "mismatch"),
    "signature": (bad_signature(), "signature"),
    "unknown": (status(*pairs(device())[0], ocsp.OCSPCertStatus.UNKNOWN), "ocsp_unknown"),
    "without end": (status(*pairs(device())[0], until=None), "malformed"),
    "expired": (status(*pairs(device())[0], until=NOW), "not_current"),
    "unauthorised": (
        ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED).public_bytes(Encoding.DER),
        "status",
    ),
    "not an answer": (b"", "malformed"),
    # The library names an unknown algorithm only when it is asked for.
    "unknown algorithm": (
        status(*pairs(device())[0]).replace(bytes.fromhex("2a8648ce3d040303"), bytes.fromhex("2a8648ce3d040309")),
        "malformed",
    ),
}


@pytest.mark.parametrize("fault", OCSP_FAULTS)
def test_a_fault_of_an_ocsp_answer_has_its_reason(tmp_path, vendors, fault) -> None:
    load_devices(vendors)
    body, reason = OCSP_FAULTS[fault]
    vendors.bodies[question(*pairs(device())[0])] = Reply(body)
    stand = Stand(tmp_path, vendors, Subject(devices=devices()))
    assert stand.fetch() == {"nvidia-ocsp": reason}
    assert not (tmp_path / "nvidia-ocsp").exists()


def test_a_manifest_is_fetched_by_its_id_and_verified(tmp_path, vendors) -> None:
    xml = manifest()
    vendors.replies["/v1/rim/NV_GPU_DRIVER_GH100_1.2.3"] = rim_answer("NV_GPU_DRIVER_GH100_1.2.3", xml)
    stand = Stand(tmp_path, vendors, Subject(), rims=("NV_GPU_DRIVER_GH100_1.2.3",))
    label = "rims/NV_GPU_DRIVER_GH100_1.2.3.xml"
    assert stand.fetch(pins=roots(signers()[-1].pins)) == {label: None}
    assert (tmp_path / label).read_bytes() == xml
    assert stand.fetch() == {label: "signature"}
    vendors.replies["/v1/rim/NV_GPU_DRIVER_GH100_1.2.3"] = rim_answer("NV_GPU_DRIVER_GH100_9", xml)
    assert stand.fetch(pins=roots(signers()[-1].pins)) == {label: "mismatch"}
    vendors.replies["/v1/rim/NV_GPU_DRIVER_GH100_1.2.3"] = Reply(json.dumps({"rim": "?"}).encode())
    assert stand.fetch(pins=roots(signers()[-1].pins)) == {label: "malformed"}
    assert (tmp_path / label).read_bytes() == xml


def test_a_real_manifest_is_fetched_even_when_its_signer_has_expired(tmp_path, vendors, request) -> None:
    shared = request.getfixturevalue("vectors")
    xml = shared.read("nvidia/rim/vbios-1010_0200_882-96.00.5E.00.01.swidtag")
    vendors.replies["/v1/rim/NV_GPU_VBIOS_1010_0200_882_96005E0001"] = rim_answer(
        "NV_GPU_VBIOS_1010_0200_882_96005E0001", xml
    )
    stand = Stand(tmp_path, vendors, Subject(), rims=("NV_GPU_VBIOS_1010_0200_882_96005E0001",))
    assert list(stand.fetch(int(datetime(2026, 11, 1).timestamp()), PINNED).values()) == [None]


def test_an_id_that_would_leave_the_folder_is_refused(tmp_path, vendors) -> None:
    stand = Stand(tmp_path / "in", vendors, Subject(), rims=("../../out",))
    assert set(stand.fetch().values()) == {"configuration"}
    assert vendors.asked == []
    assert not (tmp_path / "out.xml").exists()


def list_without_a_number() -> bytes:
    key = intel().root
    builder = x509.CertificateRevocationListBuilder().issuer_name(key.certificate.subject)
    builder = builder.last_update(at(NOW - DAY)).next_update(at(NOW + DAY))
    return builder.sign(key.key, SHA256()).public_bytes(Encoding.DER)


UNREADABLE = {
    "a list without a number": {ROOT_CRL_PATH: Reply(list_without_a_number())},
    "TCB info of another version": replaced(
        TCB_PATH, body=intel().signed("tcbInfo", intel().tcb_info(NOW - DAY, NOW + DAY, version=4))
    ),
    "an identity without levels": replaced(
        QE_PATH, body=intel().signed("enclaveIdentity", intel().qe_identity(NOW - DAY, NOW + DAY, tcbLevels=None))
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_clients_could_not_read_is_not_stored(tmp_path, vendors, case) -> None:
    """Signed, dated and good for a general library: the operator hears of it before a client does."""
    vendors.replies |= intel().answers() | UNREADABLE[case]
    stand = Stand(tmp_path, vendors, Subject(dcap=DCAP))
    assert stand.fetch() == {"dcap-collateral": "malformed"}
    assert "clients could not read it" in (stand.folder.entries["dcap-collateral"].failure or "")
