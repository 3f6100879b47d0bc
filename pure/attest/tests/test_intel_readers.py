"""The readers of Intel's formats: quote, chain, PCK extension, JSON, documents, collateral; limits at N and N + 1."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intel_attack import PKI, SGX, TDX, WIDE
from privity_attest.dcap import chains, collateral, genuine, intel_json, pck, quote, tcb
from privity_attest.dcap.chains import common_name
from privity_attest.dcap.intel_json import IntelJsonError
from privity_attest.dcap.quote import QuoteError
from privity_attest.der import DerError
from privity_attest.errors import STAGE_OF
from privity_attest.signature import P384, EcKey
from privity_attest.testing.intel import pem_of
from privity_attest.testing.intel_pki import ISSUER, PCK, ROOT, SIGNER, Platform, pair, pck_members, tlv
from privity_protocol import cbor
from privity_protocol.errors import Malformed

QUOTES = {"tdx": TDX.made_quote(), "td15": WIDE.made_quote(), "sgx": SGX.made_quote()}
DOCUMENTS = {"tcb_info": tcb.tcb_info, "qe_identity": tcb.qe_identity}
MEMBERS = TDX.members()
COLLATERAL = TDX.made_collateral()
READERS = {
    "quote": (quote.decode, QuoteError),
    "chain": (pck.chain_of, DerError),
    "extension": (pck.decode, DerError),
    "collateral": (collateral.decode, Malformed),
    "JSON": (intel_json.decode, IntelJsonError),
    "tcb_info": (tcb.tcb_info, IntelJsonError),
    "qe_identity": (tcb.qe_identity, IntelJsonError),
}


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(name, data) -> None:
    read, error = READERS[name]
    try:
        read(data)
    except error:
        return


@pytest.mark.parametrize("name", QUOTES)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_cut_and_any_change_of_a_quote_gives_a_listed_code(name, data) -> None:
    whole = QUOTES[name]
    size = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(QuoteError) as caught:
        quote.decode(whole[:size])
    assert caught.value.code in STAGE_OF
    at, value = data.draw(st.integers(0, 1300)), data.draw(st.integers(0, 255))
    try:
        quote.decode(whole[:at] + bytes([value]) + whole[at + 1 :])
    except QuoteError:
        return


def test_a_quote_is_read_as_it_was_written() -> None:
    found = quote.decode(WIDE.made_quote(bytes(range(64)), b"\7" * 48))
    assert found.version == 5
    assert found.body.report_data == bytes(range(64))
    assert found.body.rtmr[3] == b"\7" * 48
    assert found.body.tee_tcb_svn2 == found.body.tee_tcb_svn
    assert found.body.mrservicetd == bytes(48)
    assert found.signed == QUOTES["td15"][:48] + found.signed[48:]
    assert len(found.signed) == 48 + 6 + 648
    assert quote.decode(QUOTES["tdx"]).body.mrservicetd is None
    assert quote.decode(QUOTES["sgx"] + bytes(9)).trailing == 9
    assert quote.decode(QUOTES["sgx"]).qe.isvsvn == 4


def test_a_chain_has_at_most_three_certificates() -> None:
    ders = [PKI.make(role).certificate for role in (PCK, ISSUER, ROOT)]
    assert pck.chain_of(pem_of(*ders)) == tuple(ders)
    assert pck.chain_of(b"") == ()
    with pytest.raises(DerError, match="too many"):
        pck.chain_of(pem_of(*ders, ders[0]))


def extension(change) -> bytes:
    return tlv(0x30, b"".join(change(pck_members(Platform())).values()))


def test_the_extension_is_read_as_it_was_written() -> None:
    found = pck.decode(extension(lambda members: members))
    written = Platform()
    assert (found.ppid, found.components, found.pcesvn) == (written.ppid, written.components, written.pcesvn)
    assert (found.fmspc, found.pceid, found.type) == (written.fmspc, written.pceid, written.type)
    assert (found.dynamic_platform, found.cached_keys, found.smt) == (True, True, True)
    short = pck.decode(
        extension(
            lambda members: {name: members[name] for name in members if name not in ("instance", "configuration")}
        )
    )
    assert (short.dynamic_platform, short.cached_keys, short.smt) == (None, None, None)


EXTENSIONS = {
    "without the platform's identifier": lambda m: {name: one for name, one in m.items() if name != "ppid"},
    "without its type": lambda m: {name: one for name, one in m.items() if name != "type"},
    "with a member twice": lambda m: {**m, "again": m["fmspc"]},
    "with a member that nobody knows": lambda m: {**m, "more": pair(b"\x08", tlv(0x05, b""))},
    "with an identifier of another arc": lambda m: {**m, "more": tlv(0x30, tlv(0x06, b"\x2a\x03") + tlv(0x05, b""))},
    "with a short FMSPC": lambda m: {**m, "fmspc": pair(b"\4", tlv(0x04, bytes(5)))},
    "with a long PPID": lambda m: {**m, "ppid": pair(b"\1", tlv(0x04, bytes(17)))},
    "with a type that nobody knows": lambda m: {**m, "type": pair(b"\5", tlv(0x0A, b"\3"))},
    "with a type that is no type": lambda m: {**m, "type": pair(b"\5", tlv(0x02, b"\1"))},
    "with a PCESVN of three bytes": lambda m: {**m, "tcb": pck_members(replace(Platform(), pcesvn=65_536))["tcb"]},
    "with an identifier of another arc and its length": lambda m: {
        **m,
        "instance": tlv(0x30, tlv(0x06, b"\x2b\x86\x48\x86\xf8\x4d\x01\x0d\x01\x06") + tlv(0x04, bytes(16))),
    },
    "without an SVN": lambda m: {**m, "tcb": pair(b"\2", tlv(0x30, pair(b"\2\1", tlv(0x02, b"\1"))))},
    "with a short instance": lambda m: {**m, "instance": pair(b"\6", tlv(0x04, bytes(15)))},
    "with a flag that nobody knows": lambda m: {
        **m,
        "configuration": pair(b"\7", tlv(0x30, pair(b"\7\4", tlv(0x01, b"\xff")))),
    },
    "with a flag that is none": lambda m: {
        **m,
        "configuration": pair(b"\7", tlv(0x30, pair(b"\7\1", tlv(0x01, b"\1")))),
    },
    "with three elements in a pair": lambda m: {**m, "type": tlv(0x30, m["type"][2:] + tlv(0x05, b""))},
}


@pytest.mark.parametrize("title", EXTENSIONS, ids=lambda title: title.replace(" ", "-"))
def test_an_extension_of_another_form_is_refused(title) -> None:
    with pytest.raises(DerError):
        pck.decode(extension(EXTENSIONS[title]))


def test_a_name_with_one_common_name_has_it() -> None:
    one = tlv(0x30, tlv(0x06, b"\x55\x04\x03") + tlv(0x0C, b"name"))
    other = tlv(0x30, tlv(0x06, b"\x55\x04\x06") + tlv(0x13, b"US"))
    assert common_name(tlv(0x30, tlv(0x31, other) + tlv(0x31, one))) == b"name"
    assert common_name(tlv(0x30, tlv(0x31, other))) is None
    assert common_name(tlv(0x30, tlv(0x31, one) * 2)) is None
    assert common_name(tlv(0x30, tlv(0x31, one + one))) is None
    assert common_name(tlv(0x30, one)) is None


def test_every_key_of_a_chain_is_on_p256() -> None:
    certificates = chains.Certificates()
    path = certificates.path([PKI.make(role).certificate for role in (PCK, ISSUER, ROOT)])
    signer = certificates.path([PKI.make(role).certificate for role in (SIGNER, ROOT)])
    assert not chains.pck_faults(path)
    assert not chains.signer_faults(signer)
    assert not chains.crl_issuer_faults(path[1:])
    wide = EcKey(P384, b"\4" + bytes(96))
    for index in range(3):
        assert chains.pck_faults([replace(one, key=wide) if at == index else one for at, one in enumerate(path)])
    assert chains.signer_faults([replace(signer[0], key=wide), signer[1]])
    assert chains.crl_issuer_faults([path[1], replace(path[2], key=wide)])
    assert not genuine.signed_by(wide, b"", bytes(64))


def test_equal_certificates_are_read_and_verified_once() -> None:
    certificates = chains.Certificates()
    ders = [PKI.make(role).certificate for role in (PCK, ISSUER, ROOT)]
    certificates.path(ders)
    assert certificates.is_chain(ders)
    assert certificates.is_chain(ders[1:])
    assert len(certificates.read) == len(certificates.verified) == 3
    certificates.path([PKI.make(SIGNER).certificate])
    assert not certificates.is_chain([PKI.make(SIGNER).certificate, ders[1]])


REFUSED = [
    b"", b"[]", b"1", b"null", b'{"a":1}x', b'{"a":1,}', b'{"a":01}', b'{"a":-1}', b'{"a":-0}', b'{"a":1.0}',
    b'{"a":1e3}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":12345678901}', b'{"a":1,"a":1}', b'{"a":{"b":1,"b":2}}',
    b'{"a":"\\n"}', b'{"a":"\\u0041"}', b'{"a":"\xc3\xa4"}', b'{"a":"\n', b'{"a":"\x7f"}', b"{'a':1}", b"{a:1}",
    b'{"a"}', b'{"a":}', b'{"a":1 "b":2}', b'{"a":[1,]}', b'{"a":[1 2]}', b'{"a":tru}', b'{"a":truefalse}',
    b"\xef\xbb\xbf{}", b"{}\0", b'{"a":+1}', b'{"a":.5}', b"{]", b'{"a":"b"c}', b"\x0c{}",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=repr)
def test_a_text_that_intel_does_not_write_is_refused(text) -> None:
    with pytest.raises(IntelJsonError):
        intel_json.decode(text)


def test_json_is_read_up_to_its_limits() -> None:
    assert intel_json.decode(b' {\t"a" : [ true , false,null , 4294967295 ]\r\n} ') == {
        "a": [True, False, None, 2**32 - 1]
    }
    assert intel_json.decode(b'{"a":9999999999}') == {"a": 9_999_999_999}
    assert intel_json.decode(b'{"":{}}') == {"": {}}
    deepest = b'{"a":' + b"[" * 7 + b"]" * 7 + b"}"
    assert json.loads(deepest) == intel_json.decode(deepest)
    with pytest.raises(IntelJsonError, match="depth"):
        intel_json.decode(b'{"a":' + b"[" * 8 + b"]" * 8 + b"}")
    assert intel_json.decode(b'{"a":"[[[[[[[[[[["}') == {"a": "[" * 11}
    padded = b"{" + b" " * (intel_json.MAX_TEXT - 2) + b"}"
    assert intel_json.decode(padded) == {}
    with pytest.raises(IntelJsonError, match="text"):
        intel_json.decode(padded + b" ")


def changed(name: str, change) -> bytes:
    value = json.loads(MEMBERS[name])
    change(value)
    return json.dumps(value).encode()


def times(name: str, count: int):
    return lambda value: value.update({name: [value[name][0]] * count})


def put(**values):
    return lambda value: value.update(values)


def advised(names):
    return lambda value: value["tcbLevels"][0].update(advisoryIDs=names)


def demand(**values):
    return lambda value: value["tcbLevels"][0]["tcb"].update(values)


def component(**values):
    return lambda value: value["tcbLevels"][0]["tcb"]["sgxtcbcomponents"][0].update(values)


SAME = put()


LIMITS = [
    ("tcb_info", times("tcbLevels", 64), times("tcbLevels", 65)),
    ("tcb_info", times("tdxModuleIdentities", 32), times("tdxModuleIdentities", 33)),
    ("tcb_info", advised(["A"] * 256), advised(["A"] * 257)),
    ("tcb_info", put(tcbLevels=[]), put(tcbLevels={})),
    ("tcb_info", lambda v: v.pop("tdxModuleIdentities"), put(tdxModuleIdentities=None)),
    ("tcb_info", put(issueDate="2024-02-29T00:00:00Z"), put(issueDate="2023-02-29T00:00:00Z")),
    ("tcb_info", put(issueDate="9999-12-31T23:59:59Z"), put(issueDate="2024-02-28T24:00:00Z")),
    ("tcb_info", SAME, put(issueDate="2024-02-28T00:00:00.0Z")),
    ("tcb_info", SAME, put(issueDate="0000-01-01T00:00:00Z")),
    ("tcb_info", SAME, put(issueDate=0)),
    ("tcb_info", put(tcbEvaluationDataNumber=2**32 - 1), put(tcbEvaluationDataNumber=2**32)),
    ("tcb_info", SAME, put(tcbEvaluationDataNumber=True)),
    ("tcb_info", SAME, put(fmspc="00806F05000")),
    ("tcb_info", SAME, put(fmspc="00806F05000G")),
    ("tcb_info", demand(pcesvn=65535), demand(pcesvn=65536)),
    ("tcb_info", SAME, lambda v: v["tcbLevels"][0]["tcb"]["sgxtcbcomponents"].pop()),
    ("tcb_info", SAME, lambda v: v["tcbLevels"][0]["tcb"]["tdxtcbcomponents"].append({"svn": 0})),
    ("tcb_info", SAME, lambda v: v["tcbLevels"][0]["tcb"].pop("tdxtcbcomponents")),
    ("tcb_info", component(svn=255), component(svn=256)),
    ("tcb_info", advised(["x" * 64]), advised(["x" * 65])),
    ("qe_identity", put(isvprodid=65535), put(isvprodid=65536)),
    ("qe_identity", SAME, lambda v: v.pop("nextUpdate")),
    ("qe_identity", SAME, put(miscselect="00")),
    ("qe_identity", times("tcbLevels", 64), times("tcbLevels", 65)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "within", "beyond"), LIMITS)
def test_a_document_is_read_up_to_its_limits(name, within, beyond) -> None:
    DOCUMENTS[name](changed(name, within))
    with pytest.raises(IntelJsonError):
        DOCUMENTS[name](changed(name, beyond))


@pytest.mark.parametrize("svn", [True, None, "1", [1], {}, 256, {"svn": 1}])
def test_an_svn_is_a_number(svn) -> None:
    with pytest.raises(IntelJsonError):
        tcb.tcb_info(changed("tcb_info", component(svn=svn)))


def test_collateral_is_read_as_it_was_written() -> None:
    found = collateral.decode(COLLATERAL)
    assert collateral.encode(found) == COLLATERAL
    assert found.tcb_info == MEMBERS["tcb_info"].encode()
    whole = replace(found, tcb_info_issuer_chain=(bytes(4096), b""))
    assert collateral.decode(collateral.encode(whole)) == whole
    with pytest.raises(Malformed):
        collateral.decode(collateral.encode(replace(found, tcb_info_issuer_chain=(bytes(4097), b""))))


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(MEMBERS)),
    st.one_of(st.none(), st.integers(0, 9), st.text(max_size=4), st.binary(max_size=70)),
)
def test_collateral_with_another_value_is_read_or_refused(name, value) -> None:
    try:
        collateral.decode(cbor.encode({**MEMBERS, name: value}))
    except Malformed:
        return
