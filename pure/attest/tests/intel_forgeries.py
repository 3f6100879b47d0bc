"""Honest evidence of Intel, and what is not genuine: forms, chains, revocation, signatures, each with every reason."""

from dataclasses import replace

from cryptography import x509
from intel_attack import (
    AUTHORITY,
    PKI,
    SGX,
    TDX,
    VOUCHED,
    WIDE,
    Attack,
    body,
    flip,
    item,
    members,
    module,
    pki,
    qe,
    quoted,
    spare,
    svn,
    tcb,
    turned,
    without,
)
from privity_attest.memory import Memory
from privity_attest.testing.bundle import NOW
from privity_attest.testing.intel import MRSIGNER, Intel, stamp
from privity_attest.testing.intel_pki import DAY, ISSUER, PCK, ROOT, SIGNER, pck_extension
from privity_attest.testing.node import NodeHooks

UNCHECKED = {"unchecked": "a test"}
PAST, FUTURE = (NOW - 60 * DAY, NOW - 1), (NOW + 1, NOW + 60 * DAY)
SIGNED_AT, KEY_AT, QE_AT, AUTHENTICATION_AT = 636, 700, 770, 1220
HONEST = {
    "honest": Attack(()),
    "honest SGX": Attack((), SGX),
    "honest version 5": Attack((), Intel(version=5)),
    "honest TD 1.5": Attack((), WIDE),
    "zeros after the quote": Attack((), quoted(lambda data: data + bytes(3065))),
    "no NUL after the chain": Attack((), replace(TDX, pem=lambda pem: pem[:-1])),
    "no line end after the chain": Attack((), replace(TDX, pem=lambda pem: pem[:-2])),
    "lines of the chain end in CR and LF": Attack((), replace(TDX, pem=lambda pem: pem.replace(b"\n", b"\r\n"))),
    "FMSPC in lower case": Attack((), tcb(lambda d: d.update(fmspc=d["fmspc"].lower()))),
    "members that this reader does not know": Attack((), tcb(lambda d: d.update(more=[{"deep": True}]))),
    "white space in a document": Attack(
        (), replace(TDX, texts={"tcb_info": lambda text: text.replace('":', '" :\n\t')})
    ),
    "module without version is judged with the platform": Attack((), body(tee_tcb_svn=svn(5, 0, 7))),
    "in the last second of everything": Attack((), tcb(lambda d: d.update(nextUpdate=stamp(NOW)))),
    "collateral of the oldest age": Attack((), tcb(lambda d: d.update(issueDate=stamp(NOW - 7 * DAY)))),
    "out of date where the policy allows it": Attack(
        (), body(tee_tcb_svn=svn(3, 1, 7)), {"tdx.allowed_status": ["UpToDate", "OutOfDate"]}
    ),
    "out of date within the grace": Attack(
        (), tcb(lambda d: module(d, tcbStatus="OutOfDate", tcbDate=stamp(NOW - 2 * DAY))), {"tdx.grace_days": 2}
    ),
    "lists unchecked by policy": Attack((), members(root_ca_crl=b"", pck_crl=b""), {"require_crl.tdx": UNCHECKED}),
    "lists not demanded": Attack((), members(root_ca_crl=b"", pck_crl=b""), {"require_crl.tdx": False}),
    "enclave named by its signer": Attack(
        (),
        body(SGX, mrenclave=bytes(32)),
        {"sgx.signers": [{"mrsigner": MRSIGNER.hex(), "prodid": 0, "min_isvsvn": 0}]},
    ),
    "enclave named by the policy": Attack((), body(SGX, mrenclave=bytes(32)), {"sgx.mrenclave": [bytes(32).hex()]}),
    "registers unchecked by policy": Attack(
        (),
        body(mrtd=bytes(48), mrconfigid=b"\1" * 48),
        {"tdx.shapes": UNCHECKED, "tdx.mrconfigid": UNCHECKED, "tdx.rtmr1": UNCHECKED, "tdx.rtmr2": UNCHECKED},
    ),
    "registers named by the policy": Attack(
        (), body(mrconfigid=b"\1" * 48), {"tdx.mrconfigid": [(b"\1" * 48).hex()], "tdx.mrseam": [bytes(48).hex()]}
    ),
    "TCB info for SGX names no modules": Attack((), tcb(lambda d: d.update(tdxModuleIdentities=7), SGX)),
    "as new as what was seen": Attack(
        (),
        memory=Memory(
            tcb_evaluation={f"{AUTHORITY}/TDX/00806f050000": 18, f"{AUTHORITY}/TD_QE": 18},
            crl_numbers={AUTHORITY: 5},
            issue_dates={f"{AUTHORITY}/TD_QE": NOW - DAY},
        ),
    ),
}
FORMS = {
    "quote cut short": Attack(("malformed:cpu",), quoted(lambda data: data[:-1])),
    "quote without its body": Attack(("malformed:cpu",), quoted(lambda data: data[:100])),
    "quote of one byte": Attack(("malformed:cpu",), quoted(lambda data: data[:1])),
    "empty quote": Attack(("malformed:cpu",), quoted(lambda data: b"")),
    "quote of another version": Attack(("unsupported_version:cpu",), quoted(lambda data: b"\6" + data[1:])),
    "SGX in version 4": Attack(("unsupported_version:cpu",), Intel("sgx", 4)),
    "SGX in version 5": Attack(("unsupported_version:cpu",), Intel("sgx", 5)),
    "TDX in version 3": Attack(("unsupported_version:cpu",), replace(TDX, version=3)),
    "key of another type": Attack(("unsupported_algorithm:cpu",), quoted(lambda data: data[:2] + b"\3" + data[3:])),
    "another TEE": Attack(("malformed:cpu",), quoted(lambda data: data[:4] + b"\x82" + data[5:])),
    "another vendor of quotes": Attack(("malformed:cpu",), quoted(flip(12))),
    "body type that nobody knows": Attack(
        ("unsupported_version:cpu",), quoted(lambda data: data[:48] + b"\4" + data[49:], WIDE)
    ),
    "body size of another type": Attack(("malformed:cpu",), quoted(lambda data: data[:48] + b"\2" + data[49:], WIDE)),
    "enclave under the media type of a domain": Attack(
        ("malformed:cpu",), hooks=NodeHooks(items=lambda items: {**items, "cpu": ("tdx-quote", SGX.made_quote())})
    ),
    "data after the quote": Attack(("trailing_data:cpu",), quoted(lambda data: data + b"\0\1")),
    "signature data longer than it says": Attack(
        ("malformed:cpu",), quoted(lambda data: data[:632] + b"\xff\xff\0\0" + data[636:])
    ),
    "certification of another type": Attack(
        ("unsupported_version:cpu",), quoted(lambda data: data[:764] + b"\5" + data[765:])
    ),
    "certification without certificates": Attack(
        ("unsupported_version:cpu",), quoted(lambda data: data[:1252] + b"\3" + data[1253:])
    ),
    "bytes after the certificates": Attack(("malformed:cpu",), replace(TDX, certified=lambda data: data + b"\0")),
    "chain with text around it": Attack(("certificate_malformed:cpu",), replace(TDX, pem=lambda pem: b"#\n" + pem)),
    "chain with two NULs": Attack(("certificate_malformed:cpu",), replace(TDX, pem=lambda pem: pem + b"\0")),
    "chain of two": Attack(
        ("certificate_malformed:cpu",), replace(TDX, pem=lambda pem: pem[: pem.rindex(b"-----BEGIN")])
    ),
    "chain of four": Attack(("certificate_malformed:cpu",), replace(TDX, pem=lambda pem: pem[:-1] + pem)),
    "chain in another order": Attack(("certificate_malformed:cpu",), replace(TDX, pem=lambda pem: turned(pem))),
    "chain that is not base64": Attack(
        ("certificate_malformed:cpu",), replace(TDX, pem=lambda pem: pem.replace(b"MII", b"MI=", 1))
    ),
    "chain with other spare bits": Attack(("certificate_malformed:cpu",), replace(TDX, pem=lambda pem: spare(pem))),
    "certificate without Intel's extension": Attack(
        ("certificate_malformed:cpu",), pki(extend={PCK: PKI.usual(SIGNER)})
    ),
    "no collateral": Attack(
        ("label_missing:dcap-collateral", "collateral_missing:dcap-collateral"), hooks=without("dcap-collateral")
    ),
    "collateral that is no map": Attack(("malformed:dcap-collateral",), hooks=item("dcap-collateral", b"\x80")),
    "collateral and more": Attack(
        ("trailing_data:dcap-collateral",),
        hooks=NodeHooks(
            items=lambda i: {**i, "dcap-collateral": ("dcap-collateral+cbor", i["dcap-collateral"][1] + b"\0")}
        ),
    ),
    "collateral without a member": Attack(
        ("malformed:dcap-collateral",),
        replace(TDX, collateral=lambda m: {k: v for k, v in m.items() if k != "pck_crl"}),
    ),
    "collateral with another member": Attack(("malformed:dcap-collateral",), members(more=b"")),
    "signature of another size": Attack(("malformed:dcap-collateral",), members(tcb_info_signature=bytes(63))),
    "document as bytes": Attack(("malformed:dcap-collateral",), members(tcb_info=b"{}")),
    "chain of one in the collateral": Attack(("malformed:dcap-collateral",), members(tcb_info_issuer_chain=[b""])),
    "certificates of the collateral that are none": Attack(
        ("certificate_malformed:tcb_info_issuer_chain",), members(tcb_info_issuer_chain=[b"", b"\x30\0"])
    ),
    "list that is none": Attack(("malformed:pck_crl",), members(pck_crl=b"\x30\0")),
}
CHAINS = {
    "intermediate by another key": Attack(
        ("certificate_chain:cpu", "certificate_chain:pck_crl_issuer_chain"), pki(signed_by={ISSUER: 9})
    ),
    "leaf by another key": Attack(("certificate_chain:cpu",), pki(signed_by={PCK: 9})),
    "root by another key": Attack(
        (
            "certificate_chain:cpu",
            "certificate_chain:pck_crl_issuer_chain",
            "certificate_chain:tcb_info_issuer_chain",
            "certificate_chain:qe_identity_issuer_chain",
        ),
        pki(signed_by={ROOT: 9}),
    ),
    "signer of documents by another key": Attack(
        ("certificate_chain:tcb_info_issuer_chain", "certificate_chain:qe_identity_issuer_chain"),
        pki(signed_by={SIGNER: 9}),
    ),
    "another root of the same name": Attack(
        (
            "root_not_pinned:cpu",
            "root_not_pinned:pck_crl_issuer_chain",
            "root_not_pinned:tcb_info_issuer_chain",
            "root_not_pinned:qe_identity_issuer_chain",
        ),
        pki(seeds={ROOT: 9}),
    ),
    "leaf of another name": Attack(("certificate_profile:cpu",), pki(names={PCK: "Intel SGX Certificate"})),
    "intermediate of another name": Attack(
        ("certificate_profile:cpu", "certificate_profile:pck_crl_issuer_chain"), pki(names={ISSUER: "Intel SGX PCK CA"})
    ),
    "root of another name": Attack(
        (
            "certificate_profile:cpu",
            "certificate_profile:pck_crl_issuer_chain",
            "certificate_profile:tcb_info_issuer_chain",
            "certificate_profile:qe_identity_issuer_chain",
        ),
        pki(names={ROOT: "Intel Root CA"}),
    ),
    "processor's issuer": Attack((), pki(names={ISSUER: "Intel SGX PCK Processor CA"})),
    "signer of another name": Attack(
        ("certificate_profile:tcb_info_issuer_chain", "certificate_profile:qe_identity_issuer_chain"),
        pki(names={SIGNER: "Intel SGX PCK Certificate"}),
    ),
    "leaf that may issue": Attack(
        ("certificate_profile:cpu",),
        pki(
            extend={
                PCK: lambda builder: PKI.usual(ISSUER)(builder).add_extension(
                    pck_extension(PKI.platform), critical=False
                )
            }
        ),
    ),
    "intermediate that may issue issuers only": Attack(
        ("certificate_profile:cpu", "certificate_profile:pck_crl_issuer_chain", "crl_signature:pck_crl"),
        pki(extend={ISSUER: PKI.usual(PCK)}),
    ),
    "root that allows no intermediate": Attack(("certificate_profile:cpu",), pki(extend={ROOT: PKI.usual(ISSUER)})),
    "signer that may issue": Attack(
        ("certificate_profile:tcb_info_issuer_chain", "certificate_profile:qe_identity_issuer_chain"),
        pki(extend={SIGNER: PKI.usual(ISSUER)}),
    ),
    "leaf expired": Attack(("certificate_expired:cpu",), pki(dates={PCK: PAST})),
    "leaf of the future": Attack(("certificate_not_yet_valid:cpu",), pki(dates={PCK: FUTURE})),
    "intermediate expired": Attack(
        ("certificate_expired:cpu", "certificate_expired:pck_crl_issuer_chain"), pki(dates={ISSUER: PAST})
    ),
    "root expired": Attack(
        (
            "certificate_expired:cpu",
            "certificate_expired:pck_crl_issuer_chain",
            "certificate_expired:tcb_info_issuer_chain",
            "certificate_expired:qe_identity_issuer_chain",
        ),
        pki(dates={ROOT: PAST}),
    ),
    "signer expired": Attack(
        ("certificate_expired:tcb_info_issuer_chain", "certificate_expired:qe_identity_issuer_chain"),
        pki(dates={SIGNER: PAST}),
    ),
    "signer of the future": Attack(
        ("certificate_not_yet_valid:tcb_info_issuer_chain", "certificate_not_yet_valid:qe_identity_issuer_chain"),
        pki(dates={SIGNER: FUTURE}),
    ),
    "documents signed by a platform's key": Attack(
        ("certificate_profile:tcb_info_issuer_chain", "certificate_profile:qe_identity_issuer_chain"),
        replace(TDX, pki=replace(PKI, seeds={SIGNER: 104}, names={SIGNER: "Intel SGX PCK Certificate"})),
    ),
    "documents signed by the intermediate": Attack(
        ("certificate_profile:tcb_info_issuer_chain", "collateral_signature:tcb_info"),
        members(tcb_info_issuer_chain=[PKI.make(ISSUER).certificate, PKI.make(ROOT).certificate]),
    ),
    "lists below a leaf": Attack(
        ("certificate_profile:pck_crl_issuer_chain",),
        members(pck_crl_issuer_chain=[PKI.make(SIGNER).certificate, PKI.make(ROOT).certificate]),
    ),
}
REVOCATION = {
    "leaf revoked": Attack(("certificate_revoked:pck",), pki(revoked={PCK: x509.ReasonFlags.key_compromise})),
    "leaf revoked without a reason": Attack(("certificate_revoked:pck",), pki(revoked={PCK: None})),
    "leaf on hold": Attack(("certificate_on_hold:pck",), pki(revoked={PCK: x509.ReasonFlags.certificate_hold})),
    "intermediate revoked": Attack(
        ("certificate_revoked:pck_issuer", "certificate_revoked:pck_crl_issuer_chain"), pki(revoked={ISSUER: None})
    ),
    "signer revoked": Attack(
        ("certificate_revoked:tcb_info_issuer_chain", "certificate_revoked:qe_identity_issuer_chain"),
        pki(revoked={SIGNER: None}),
    ),
    "root revoked": Attack(("certificate_revoked:root",), pki(revoked={ROOT: None})),
    "lists missing": Attack(("crl_missing:root_ca_crl", "crl_missing:pck_crl"), members(root_ca_crl=b"", pck_crl=b"")),
    "one list missing": Attack(("crl_missing:pck_crl",), members(pck_crl=b"")),
    "list by another key": Attack(("crl_signature:pck_crl",), pki(crl_seeds={ISSUER: 9})),
    "root's list by another key": Attack(("crl_signature:root_ca_crl",), pki(crl_seeds={ROOT: 9})),
    "list of the other issuer": Attack(("crl_signature:pck_crl",), members(pck_crl=PKI.crl(ROOT))),
    "lists expired": Attack(
        ("crl_expired:root_ca_crl", "crl_expired:pck_crl"), pki(crl_dates=(NOW - 9 * DAY, NOW - 1))
    ),
    "lists of the future": Attack(
        ("crl_not_yet_valid:root_ca_crl", "crl_not_yet_valid:pck_crl"), pki(crl_dates=(NOW + 1, NOW + DAY))
    ),
}
SIGNATURES = {
    "header changed": Attack(("quote_signature:cpu",), quoted(flip(30))),
    "body changed": Attack(("quote_signature:cpu",), quoted(flip(48 + 136))),
    "report data changed": Attack(("quote_signature:cpu",), quoted(flip(48 + 583))),
    "signature changed": Attack(("quote_signature:cpu",), quoted(flip(SIGNED_AT))),
    "key changed": Attack(("quote_signature:cpu", "qe_binding:cpu"), quoted(flip(KEY_AT))),
    "QE report changed": Attack(("qe_report_signature:cpu",), quoted(flip(QE_AT + 64))),
    "QE signature changed": Attack(("qe_report_signature:cpu",), quoted(flip(QE_AT + 384))),
    "authentication data changed": Attack(("qe_binding:cpu",), quoted(flip(AUTHENTICATION_AT))),
    "QE vouches for another key": Attack(("qe_binding:cpu",), qe(report_data=bytes(64))),
    "QE vouches for more": Attack(("qe_binding:cpu",), replace(TDX, qe={"report_data": VOUCHED + b"\1"})),
    "another enclave's body": Attack(("quote_signature:cpu",), quoted(flip(48 + 64), SGX)),
}
