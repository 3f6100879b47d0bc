"""Python and TypeScript judge vendors' evidence alike: whole bundles, single items and readers, bit by bit."""

import copy
import json
import os
import random
import re
from pathlib import Path
from typing import Any

import pytest
from alike import altered, flipped, read_alike, same_records
from privity_attest import evidence_files, item_policy
from privity_attest.defaults import default_document
from privity_attest.item import appraise_item
from privity_attest.policy import decode
from privity_protocol import canonical, cbor, evidence

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("PRIVITY_VECTORS", ROOT.parent / "shared/vectors")) / "attestation"
ABSENT = "shared vectors are absent: set PRIVITY_VECTORS to the folder that holds attestation/index.json"
pytestmark = pytest.mark.slow
SEED = 20_261_125
FLIPS = 12
"""Changes to each item of a bundle, and to each item of a vendor's case."""
DATELESS = 1_795_219_200
NOW = 1_800_000_000
BUNDLES = [path for path in sorted((ROOT / "vectors/appraise").glob("*.json")) if path.stem != "cases"]
"""Of hardware kinds; those of the simulated one are in `cases`."""
HONEST = [(path.stem, name) for path in BUNDLES for name in json.loads(path.read_text())["blobs"] if "honest" in name]


def joined(written: Any, blobs: dict[str, str]) -> bytes:
    """The bytes that a vector file writes as pieces."""
    if isinstance(written, list):
        return b"".join(joined(piece, blobs) for piece in written)
    if not written.startswith("$"):
        return bytes.fromhex(written)
    found = re.fullmatch(r"\$(\w+)(?:\[(\d*):(\d*)\])?", written)
    assert found is not None
    blob = bytes.fromhex(blobs[found[1]])
    return blob[int(found[2] or 0) : int(found[3] or len(blob))]


@pytest.fixture(scope="module")
def theirs() -> set[str]:
    """Kinds of evidence that TypeScript judges: the folders of its tables."""
    built = (ROOT / "user/web/packages/attest/dist/src").glob("*/table.js")
    return {path.parent.name for path in built}


@pytest.mark.parametrize(("kind", "blob"), HONEST, ids=lambda value: value)
def test_a_changed_bundle_of_hardware_gives_the_same_record(
    kind: str, blob: str, theirs: set[str], verifier: Any
) -> None:
    if kind not in theirs:
        pytest.skip("TypeScript does not judge this kind")
    content = json.loads((ROOT / f"vectors/appraise/{kind}.json").read_text())
    data = bytes.fromhex(content["blobs"][blob])
    spelled = bytes.fromhex(content["blobs"][blob.replace("honest", "policy")])
    given = {"spelled": spelled, "now": content["cases"][0]["input"]["now"], "proved": True}
    assert same_records(verifier, [data], **given) <= {"accepted", "accepted_as_simulated"}
    items = {label: (item.media_type, item.data) for label, item in evidence.decode(data).items.items()}
    drawn = random.Random(f"{SEED} {kind} {blob}")
    for label, (media_type, original) in items.items():
        most = evidence.LABELS[label].limit
        changed = [altered(original, drawn)[:most] for _ in range(FLIPS)]
        same_records(verifier, [evidence.encode({**items, label: (media_type, one)}) for one in changed], **given)


def shared_cases() -> list[Any]:
    if not FOLDER.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=ABSENT), id="absent")]
    cases = json.loads((FOLDER / "index.json").read_text())["cases"]
    return [pytest.param(one, id=one["id"]) for one in cases if one["tee"] != "nvidia-rim"]


FOLDER_OF = {"sim-tpm": "sim_tpm", "sev-snp": "sev_snp", "nvidia-gpu": "nvidia", "nvidia-switch": "nvidia"}


def judged(items: dict[str, tuple[str, bytes]], now: int, policy: Any) -> dict[str, Any]:
    one = appraise_item(items, now=now, policy=policy, release=None)
    told = {
        "kind": one.kind,
        "genuine": one.genuine,
        "reasons": list(one.reasons),
        "checks": [
            {"stage": row.stage, "check": row.check, "item": row.item, "outcome": row.outcome, "reasons": row.reasons}
            for row in one.checks
        ],
        "claims": {name: {"value": claim.value, "item": claim.item} for name, claim in one.claims.items()},
    }
    alike: dict[str, Any] = json.loads(json.dumps(told))
    return alike


@pytest.mark.parametrize("case", shared_cases())
def test_changed_evidence_of_a_vendor_is_judged_alike(case: Any, theirs: set[str], verifier: Any) -> None:
    if FOLDER_OF.get(case["tee"], case["tee"]) not in theirs:
        pytest.skip("TypeScript does not judge this kind")
    files = {role: (FOLDER / name).read_bytes() for role, name in case["files"].items()}
    items = evidence_files.items_of(case["tee"], files)
    now = case.get("verify_as_of_unix") or DATELESS
    key = files.get("iak") or files.get("platform_key")
    keys = () if key is None else (evidence_files.public_key(key).hex(),)
    document = item_policy.item_document(now)
    anchors = document["trust_anchors"]
    assert isinstance(anchors, dict)
    spelled = canonical.encode({**document, "trust_anchors": {**anchors, "psa": list(keys), "cca": list(keys)}})
    drawn = random.Random(f"{SEED} {case['id']}")
    many = [items]
    for label, (media_type, original) in items.items():
        many += [{**items, label: (media_type, altered(original, drawn))} for _ in range(FLIPS)]
    ours = [judged(one, now, decode(spelled)) for one in many]
    asked = [{label: [media_type, data.hex()] for label, (media_type, data) in one.items()} for one in many]
    records = verifier.ask("appraise_items", cases=asked, policy=spelled, now=now)["records"]
    for mine, other in zip(ours, records, strict=True):
        assert other == mine


def vendor_files(reader: str) -> list[bytes]:
    """Certificates or revocation lists of all vendors, each once."""
    found: dict[bytes, None] = {}
    for path in sorted(FOLDER.rglob("*")):
        if reader == "x509" and path.suffix == ".pem":
            found.update(dict.fromkeys(evidence_files.certificates(path.read_bytes())))
        elif reader == "x509" and path.suffix == ".der":
            found[path.read_bytes()] = None
        elif path.name.endswith("collateral.json"):
            collateral = cbor.decode(evidence_files.dcap_collateral(path.read_bytes()))
            assert isinstance(collateral, dict)
            names = ("root_ca_crl", "pck_crl") if reader == "crl" else ()
            found.update(dict.fromkeys(value for name in names if isinstance(value := collateral[name], bytes)))
    return list(found)


@pytest.mark.parametrize(("reader", "least"), [("x509", 20), ("crl", 4)])
def test_certificates_and_lists_of_vendors_are_read_alike(reader: str, least: int, verifier: Any) -> None:
    if not FOLDER.exists():
        pytest.skip(ABSENT)
    drawn = random.Random(f"{SEED} {reader}")
    good = vendor_files(reader)
    assert read_alike(verifier, reader, good) >= least
    for data in good:
        read_alike(
            verifier, reader, [flipped(data, at, drawn.randrange(8)) for at in range(drawn.randrange(9), len(data), 9)]
        )
        read_alike(verifier, reader, [altered(data, drawn) for _ in range(20)])


PROBES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 17, 64, 256, 65_536, 2**53 - 1, "", "x", "A", "é", "built_in", "from_release",
    "by_replay", "none", "00" * 8, "00" * 32, [], [0], [0, 0], [64], ["x"], ["UpToDate"], ["00" * 32], ["00" * 48],
    ["00" * 32] * 2, ["AA" * 32], {}, {"0": "by_replay"}, {"unchecked": ""}, {"unchecked": "r"}, {"unchecked": 1},
    {"unchecked": "r", "a": 1},
)  # fmt: skip
POLICY = default_document(now=NOW, deployment="local", allow_simulated=True, roots=[bytes(32)])


def paths(document: dict[str, Any], prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every member of the default policy, sections included."""
    found = []
    for name, value in document.items():
        found.append((*prefix, name))
        if isinstance(value, dict) and value.keys() != {"unchecked"}:
            found += paths(value, (*prefix, name))
    return found


@pytest.mark.parametrize("section", sorted(POLICY))
def test_any_value_of_any_field_is_read_alike(section: str, verifier: Any) -> None:
    inputs = []
    for path in [one for one in paths(POLICY) if one[0] == section]:
        for probe in PROBES:
            changed = copy.deepcopy(POLICY)
            place: Any = changed
            for name in path[:-1]:
                place = place[name]
            place[path[-1]] = probe
            inputs.append(canonical.encode(changed))
    read_alike(verifier, "policy", inputs)
