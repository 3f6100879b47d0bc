"""dcap-qvl as a second opinion: the same status and advisories, on Intel's evidence and on generated quotes."""

import random
from copy import deepcopy
from dataclasses import replace
from hashlib import sha256

import pytest
from intel_attack import PKI, SGX, TDX, WIDE, body, identity, platform, policy_for, qe, svn, tcb
from intel_attack import level as level_of
from intel_vectors import judged
from privity_attest.item import appraise_item
from privity_attest.testing.bundle import NOW
from privity_attest.testing.intel import Intel, components, level, pem_of
from vendor_cases import cases, content

dcap_qvl = pytest.importorskip("dcap_qvl", reason="dcap-qvl is not installed")
CASES = [*cases("tdx"), *cases("sgx")]
SEED = 20_261_126
DRAWS = 150
# What Intel gives modules and quoting enclaves; dcap-qvl refuses to read others.
PLATFORM = (
    "UpToDate",
    "SWHardeningNeeded",
    "ConfigurationNeeded",
    "ConfigurationAndSWHardeningNeeded",
    "OutOfDate",
    "OutOfDateConfigurationNeeded",
    "Revoked",
)
PART = ("UpToDate", "OutOfDate", "Revoked")


def second_opinion(intel: Intel) -> tuple[str, list[str]] | None:
    """What dcap-qvl says, None when it refuses."""
    members = intel.members()
    texts = {name: pem_of(*value).rstrip(b"\0").decode() for name, value in members.items() if isinstance(value, list)}
    collateral = dcap_qvl.QuoteCollateralV3(**{**members, **texts})
    try:
        report = dcap_qvl.verify_with_root_ca(intel.made_quote(), collateral, intel.root, NOW)
    except ValueError:
        return None
    return report.status, list(report.advisory_ids)


def ours(intel: Intel) -> tuple[str, list[str]] | None:
    """What we say, None where there is no status or it is one that dcap-qvl refuses."""
    items = {
        "cpu": (f"{intel.tee}-quote", intel.made_quote()),
        "dcap-collateral": ("dcap-collateral+cbor", intel.made_collateral()),
    }
    record = appraise_item(items, now=NOW, policy=policy_for(intel, {}), release=None)
    if "tcb_status" not in record.claims or record.claims["tcb_status"].value == "Revoked":
        return None
    status = record.claims["tcb_status"].value
    # Where only the launching module is old, Intel names the relaunch; our status stays the worse of the two.
    if "tcb_status:TDRelaunchAdvised" in record.reasons:
        status = {"OutOfDate": "TDRelaunchAdvised"}.get(status, "TDRelaunchAdvisedConfigurationNeeded")
    return status, list(record.claims["advisories"].value)


@pytest.mark.parametrize("case", CASES)
def test_both_say_the_same_of_intels_own_evidence(case) -> None:
    collateral = dcap_qvl.QuoteCollateralV3.from_json(content(case, "collateral").decode())
    claims, reasons = judged(case).claims, judged(case).reasons
    words = ""
    try:
        report = dcap_qvl.verify(content(case, "quote"), collateral, case["verify_as_of_unix"])
    except ValueError as error:
        words = str(error)
    assert ("Debug mode" in words) == ("debug_enabled" in reasons)
    assert ("No matching TCB level" in words) == ("tcb_no_matching_level" in reasons)
    if words:
        assert reasons
        return
    assert (claims["tcb_status"].value, claims["advisories"].value) == (report.status, list(report.advisory_ids))


@pytest.mark.parametrize(
    "intel",
    [
        TDX,
        SGX,
        WIDE,
        Intel(version=5),
        qe(isvsvn=b"\3\0"),
        qe(isvsvn=b"\2\0"),
        qe(mrsigner=bytes(32)),
        body(tee_tcb_svn=svn(3, 1, 7)),
        body(tee_tcb_svn=svn(1, 1, 7)),
        body(tee_tcb_svn=svn(9, 3, 7)),
        body(tee_tcb_svn=svn(5, 0, 7)),
        body(tee_tcb_svn=svn(4, 0, 7)),
        body(tee_tcb_svn=svn(4, 1, 6)),
        body(WIDE, tee_tcb_svn=svn(3, 1, 7)),
        body(WIDE, tee_tcb_svn=svn(3, 1, 6)),
        replace(WIDE, body={"tee_tcb_svn": svn(3, 1, 7)}, qe={"isvsvn": b"\3\0"}),
        replace(tcb(lambda d: level_of(d, tcbStatus="ConfigurationNeeded"), WIDE), body={"tee_tcb_svn": svn(3, 1, 7)}),
        body(mrsignerseam=b"\1" * 48),
        body(seamattributes=b"\1" + bytes(7)),
        platform(pcesvn=10),
        platform(components=bytes(16)),
        platform(fmspc=bytes(6)),
        platform(SGX, pcesvn=10),
        tcb(lambda d: d.update(id="SGX")),
        identity(lambda d: d.update(id="QE")),
    ],
    ids=map(str, range(25)),
)
def test_both_say_the_same_of_one_change(intel) -> None:
    assert ours(intel) == second_opinion(intel)


def drawn_platform(drawn: random.Random, tee: str) -> Intel:
    """A platform and documents drawn around each other, so that every level is reached now and then."""

    def near(values: bytes) -> bytes:
        return bytes(value + drawn.choice((-1, *[0] * 14, 1)) if value else 0 for value in values)

    base = bytes([7, 7, 2, 2, 3, 1, 0, 3]) + bytes(8)
    tdx = bytes([5, 0, 7]) + bytes(13)
    levels = [
        level(
            components(near(base), drawn.randrange(9, 13), near(tdx) if tee == "tdx" else None),
            drawn.choice(("UpToDate",) * 4 + PLATFORM),
            [f"INTEL-SA-{drawn.randrange(4):05}"] if drawn.random() < 0.5 else None,
        )
        for _ in range(drawn.randrange(1, 5))
    ]

    # Intel sorts its levels, the highest first; both implementations rely on it, each in its way.
    by_svn = {tuple(part["svn"] for part in one["tcb"]["sgxtcbcomponents"]): one for one in levels}
    levels = [one for _, one in sorted(by_svn.items(), reverse=True)]

    def parts(least: int) -> list:
        return [
            level(
                {"isvsvn": max(0, least - index)},
                drawn.choice(("UpToDate", *PART)),
                [f"INTEL-SA-{drawn.randrange(4):05}"],
            )
            for index in range(drawn.randrange(1, 3))
        ]

    of_module, of_qe = parts(drawn.randrange(3, 6)), parts(drawn.randrange(3, 6))

    def tcb_info(document):
        copy = deepcopy(document)
        copy["tcbLevels"] = levels
        if tee == "tdx":
            copy["tdxModuleIdentities"][0]["tcbLevels"] = of_module
        return copy

    version = drawn.choice((4, 5)) if tee == "tdx" else 3
    return replace(
        Intel(tee, version),
        pki=PKI.with_platform(components=base, pcesvn=drawn.randrange(9, 13)),
        body={"tee_tcb_svn": svn(drawn.randrange(3, 6), drawn.choice((0, 1, 1, 1, 2)), 7)} if tee == "tdx" else {},
        tcb_info=tcb_info,
        qe_identity=lambda document: {**document, "tcbLevels": of_qe},
    )


@pytest.mark.slow
@pytest.mark.parametrize("tee", ["tdx", "sgx"])
def test_both_say_the_same_of_drawn_platforms(tee) -> None:
    drawn = random.Random(SEED + len(sha256(tee.encode()).digest()))
    verdicts = []
    for _ in range(DRAWS):
        intel = drawn_platform(drawn, tee)
        verdict = ours(intel)
        assert verdict == second_opinion(intel)
        verdicts.append(verdict and verdict[0])
    assert {None, "UpToDate", "OutOfDate", "OutOfDateConfigurationNeeded"} <= set(verdicts)
