"""Writes vectors/policy and vectors/release from tables of changes. Run it by hand; a test compares its output."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from privity_attest import memory, policy, release
from privity_attest.defaults import default_document, floor_document
from privity_attest.errors import PolicyMalformed
from privity_attest.memory import Memory
from privity_attest.testing.bundle import NOW, models_document, release_leaf
from privity_protocol import canonical
from privity_protocol.errors import Malformed

FOLDER: Final = Path(__file__).resolve().parents[3] / "vectors"
DEFAULT: Final = default_document(now=NOW, deployment="local", allow_simulated=False, roots=())
RELEASE: Final = release_leaf(b"", {0: bytes(48), 1: bytes(48)})
MODELS: Final = models_document()
REMEMBERED: Final = Memory().with_policy("local", 3).with_seen([("crl_numbers", "a", 7)]).members()
GONE: Final = object()
UNCHECKED: Final = {"unchecked": "a reason"}
H32, H48 = "00" * 32, "00" * 48
KEY: Final = "3059301306072a8648ce3d020106082a8648ce3d03010703420004" + "01" * 64
GOLDEN: Final = {"device": "GH100", "version": "1.0", "expires": 1, "rim": H32, "values": {"1": [H48]}}
GPU: Final = {
    "count": 1, "switches": 0, "device_kinds": ["GH100"], "drivers": [], "vbios": [], "firmware_ids": [],
    "golden": [GOLDEN],
}  # fmt: skip
TDX: Final = {
    "shapes": [{"name": "one", "mrtd": H48, "rtmr0": H48}], "rtmr1": [H48], "rtmr2": [H48], "mrconfigid": [],
}  # fmt: skip

# Path and value; the default document is otherwise unchanged.
POLICY_GOOD: Final = (
    ("version", 2), ("kinds", []), ("release_allow", [H32]), ("configuration", [H32]), ("configuration", UNCHECKED),
    ("egress", UNCHECKED), ("challenge", "always"), ("tdx.rtmr1", [H48]), ("tdx.min_module_isvsvn", {"TDX_03": 4}),
    ("snp.min_tcb", {"genoa": {"microcode": 84, "snp": 27}}), ("snp.min_abi", {"turin": [1, 58]}),
    ("nitro.pcrs", {"0": "from_release", "10": UNCHECKED, "2": [H48], "31": "by_replay"}),
    ("gpu.count", "from_release"), ("gpu.count", 8), ("gpu.drivers", ["550.90.07"]),
    ("psa.rim", [H32, H48, "00" * 64]), ("trust_anchors.psa", [KEY]),
    ("trust_anchors.tdx", [H32]), ("sgx.signers", [{"mrsigner": H32, "prodid": 1, "min_isvsvn": 2}]),
    ("clock_skew", 301), ("max_key_lifetime", 7201), ("max_anchor_age", 86_401), ("max_release_proof_age", 604_801),
    ("expires_at", NOW + 91 * 86_400), ("tdx.allowed_status", ["UpToDate", "OutOfDate"]), ("snp.policy_must_not", []),
    ("require_crl.tdx", UNCHECKED), ("gpu.rim_expired_days", 731), ("nitro.pcrs", {"0": UNCHECKED}),
    ("tdx.attributes.never", [29]), ("max_collateral_age", UNCHECKED), ("gpu.golden", UNCHECKED),
)  # fmt: skip
POLICY_BAD: Final = (
    *((name, GONE) for name in DEFAULT),
    *((name, UNCHECKED) for name in ("format", "version", "kinds", "allow_simulated", "trust_anchors", "deployment")),
    ("more", 1), ("tdx.more", 1), ("fleet.more", []), ("tdx.attributes.must", GONE), ("require_crl.nitro", GONE),
    ("format", "privity-policy/2"), ("version", 0), ("version", True), ("name", ""), ("name", "é"), ("name", "a" * 65),
    ("expires_at", NOW), ("kinds", ["simulated"]), ("kinds", ["tdx", "tdx"]), ("allow_simulated", 1),
    ("challenge", "never"), ("trust_anchors.tdx", ["00"]), ("trust_anchors.tdx", "built-in"),
    ("trust_anchors.tdx", [H32.replace("0", "A")]), ("trust_anchors.simulated", [H32]), ("trust_anchors.psa", [H32]),
    ("trust_anchors.cca", ["00" * 91]), ("trust_anchors.psa", "built_in"), ("trust_anchors.psa", [KEY, KEY]),
    ("release_allow", "any"), ("release_allow", {"unchecked": ""}), ("release_allow", {"unchecked": "r", "more": 1}),
    ("configuration", "anything"), ("egress", ["A"]), ("max_key_lifetime", 0), ("clock_skew", -1),
    ("tdx.allowed_status", ["Revoked"]), ("tdx.attributes.must", [64]), ("tdx.attributes.must", UNCHECKED),
    ("tdx.refused_advisories", ["CVE-1"]), ("tdx.rtmr3", "from_release"), ("tdx.xfam_allowed", "00" * 7),
    ("tdx.min_module_isvsvn", {"TDX_3": 1}), ("tdx.grace_days", 91), ("snp.generations", ["rome"]), ("snp.vmpl", [4]),
    ("snp.min_tcb", {"rome": {}}), ("snp.min_tcb", {"genoa": {"boot": 1}}), ("snp.min_abi", {"genoa": [1, 2, 3]}),
    ("nitro.pcrs", {"32": "by_replay"}), ("nitro.pcrs", {"00": "by_replay"}), ("nitro.pcrs", []),
    ("nitro.pcrs", {"0": "trusted"}), ("nitro.pcrs", UNCHECKED), ("gpu.count", 17), ("gpu.drivers", ["-1"]),
    ("psa.rim", ["00" * 33]), ("sgx.signers", [{"mrsigner": H32}]), ("fleet.keys", [H32] * 2),
)  # fmt: skip
STRICTER: Final = (
    ("kinds", ["nitro"]), ("clock_skew", 60), ("challenge", "always"), ("egress", []), ("models", [H32]),
    ("configuration", [H32]), ("gpu.allow_hold", False), ("snp.policy_must_not", [17, 18, 19]),
    ("snp.min_tcb", {"genoa": {"snp": 1}}), ("tdx.grace_days", 0),
    ("nitro.pcrs", {**DEFAULT["nitro"]["pcrs"], "5": [H48]}),  # type: ignore[index]
)  # fmt: skip
LOOSER: Final = (
    ("kinds", ["tdx", "sgx"]), ("clock_skew", 301), ("egress", UNCHECKED), ("tdx.allowed_status", ["OutOfDate"]),
    ("snp.generations", ["milan"]), ("snp.vmpl", [0, 1]), ("snp.allow_vlek", True), ("gpu.require_ocsp", False),
    ("tdx.attributes.never", [0]), ("tdx.xfam_allowed", "ff" * 8), ("nitro.pcrs", {}), ("psa.lifecycle", [0x3000]),
    ("max_collateral_age", UNCHECKED), ("tdx.min_tcb_evaluation", 17), ("snp.platform_info_must", []),
)  # fmt: skip
RELEASE_BAD: Final = (
    *((name, GONE, "missing_member") for name in RELEASE),
    ("more", 1, "unknown_member"), ("v", 2, "member_value"), ("t", "web", "member_value"), ("name", "", "member_value"),
    ("source", "main", "member_value"), ("source", "ab" * 19, "member_value"), ("platforms", {}, "member_value"),
    ("platforms", [], "member_value"), ("platforms", {"abacus": {"0": H48}}, "member_value"),
    ("platforms", {"simulated": {}}, "member_value"), ("platforms", {"simulated": {"32": H48}}, "member_value"),
    ("platforms", {"simulated": {"00": H48}}, "member_value"), ("platforms", {"simulated": {"0": H32}}, "member_value"),
    ("platforms", {"simulated": UNCHECKED}, "member_value"), ("platforms", {"tdx": {}}, "missing_member"),
    ("platforms", {"tdx": {**TDX, "more": 1}}, "unknown_member"),
    ("platforms", {"tdx": {**TDX, "shapes": TDX["shapes"] * 2}}, "member_value"),
    ("platforms", {"tdx": {**TDX, "rtmr1": [H48, H48]}}, "member_value"),
    ("platforms", {"tdx": {**TDX, "rtmr1": ["11" * 48, H48]}}, "member_value"),
    ("platforms", {"tdx": {**TDX, "rtmr1": UNCHECKED}}, "member_value"),
    ("platforms", {"gpu": {**GPU, "count": 17}}, "member_value"),
    ("platforms", {"gpu": {**GPU, "golden": [GOLDEN, GOLDEN]}}, "member_value"),
    ("platforms", {"gpu": {**GPU, "golden": [{**GOLDEN, "values": {"0": [H48]}}]}}, "member_value"),
    ("platforms", {"gpu": {**GPU, "drivers": ["b", "a"]}}, "member_value"),
    ("platforms", {"sev_snp": {"measurement": [H48]}}, "missing_member"),
    ("configuration", [], "member_value"), ("configuration", "00", "member_type"),
    ("models", ["11" * 32, H32], "member_value"), ("models", [H32, H32], "member_value"),
    ("models", [H32.replace("0", "A")], "member_value"), ("not_before", -1, "member_value"),
    ("not_before", "0", "member_type"), ("flags", ["A"], "member_value"), ("flags", [1], "member_type"),
)  # fmt: skip
RELEASE_GOOD: Final = (
    ("platforms", {"tdx": TDX}), ("platforms", {"gpu": GPU, "sgx": {"mrenclave": []}}), ("source", "ab" * 20),
    ("platforms", {"nitro": {"pcrs": {"0": [H48], "16": [], "2": [H48, "01" * 48]}}}), ("flags", ["a", "a"]),
    ("platforms", {"sev_snp": {"host_data": [], "measurement": [H48]}, "sim_tpm": {"pcrs": {"11": [H32]}}}),
)  # fmt: skip
MODEL_BAD: Final = (
    ("id", "a b", "member_value"), ("display", "", "member_value"), ("sha256", [], "member_value"),
    ("sha256", ["00"], "member_value"), ("engine", "", "member_value"), ("settings", None, "member_type"),
    ("context", 0, "member_value"), ("demonstration", 1, "member_type"), ("more", 1, "unknown_member"),
    ("engine", GONE, "missing_member"),
)  # fmt: skip
PRICES: Final = (
    ({"chat": 1, "embed": 0}, None), ({"chat": 64, "embed": 64}, None), ({"chat": 65, "embed": 1}, "member_value"),
    ({"chat": 1, "embed": -1}, "member_value"), ({"chat": True, "embed": 1}, "member_type"),
    ({"chat": 1}, "missing_member"), ({"chat": 1, "embed": 1, "models": 1}, "unknown_member"),
    (None, "member_type"), ([], "member_type"),
)  # fmt: skip
MEMORY_BAD: Final = (
    ("crl_numbers", 1, "member_type"), ("more", {}, "unknown_member"), ("challenged", GONE, "missing_member"),
    ("crl_numbers", {"a": -1}, "member_value"), ("issue_dates", {"a": "1"}, "member_type"),
    ("challenged", {str(index): 1 for index in range(memory.MAX_ENTRIES + 1)}, "member_type"),
)  # fmt: skip


def changed(document: Mapping[str, Any], path: str, value: object) -> bytes:
    """Return the canonical JSON of `document` with one dotted member replaced or removed."""
    copy = json.loads(json.dumps(document))
    place = copy
    *parents, last = path.split(".")
    for name in parents:
        place = place[name]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return canonical.encode(copy)


def pieces(data: bytes, blob: str, whole: bytes) -> list[Any]:
    """Return `data` as what it shares with the blob at both ends, and what lies between as text."""
    shortest = min(len(data), len(whole))
    start = next((at for at in range(shortest) if data[at] != whole[at]), shortest)
    end = next((at for at in range(shortest - start) if data[-1 - at] != whole[-1 - at]), shortest - start)
    middle = {"text": data[start : len(data) - end].decode("ascii")}
    return [f"${blob}[:{start}]", *([middle] if middle["text"] else []), f"${blob}[{len(whole) - end}:]"]


def outcome(op: str, data: bytes, base: bytes | None = None) -> dict[str, Any]:
    """Return what this implementation says; the tables say what it must."""
    try:
        if op == "decode_policy":
            read = policy.decode(data)
            return {"ok": {"digest": read.digest.hex(), "below_floor": list(policy.below_floor(read))}}
        if op == "user_policy":
            return {"ok": {"digest": policy.user_policy(data, base=policy.decode(base or b"")).digest.hex()}}
        if op == "decode_memory":
            return {"ok": memory.decode(data).members()}
        if op == "decode_models":
            return {"ok": {"ids": [one.id for one in release.decode_models(data)]}}
        if op == "decode_prices":
            prices = release.decode_prices(data)
            return {"ok": {"prices": prices and asdict(prices)}}
        one = release.decode(data)
        return {"ok": {"leaf_hash": one.leaf_hash.hex(), "name": one.name, "flags": list(one.flags)}}
    except (PolicyMalformed, Malformed) as error:
        return {"error": error.reason}


class File:
    """One file of cases on shared documents."""

    def __init__(self, spec: str, what: str, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self.head = {"spec": spec, "what": what}
        self.documents = documents
        self.blobs = {name: canonical.encode(document) for name, document in documents.items()}
        self.cases: list[dict[str, Any]] = []

    def add(self, op: str, title: str, data: bytes, blob: str, error: str | None, base: str | None = None) -> None:
        """Add a case, which must end in `error`, or well."""
        found = outcome(op, data, None if base is None else self.blobs[base])
        if found.get("error") != error:
            raise AssertionError(f"{op} {title}: {found}")
        given = {"data": pieces(data, blob, self.blobs[blob]), **({} if base is None else {"base": f"${base}"})}
        case = {"id": f"{op}-{len(self.cases)}", "what": title, "op": op, "input": given, "expect": found}
        self.cases.append(case)

    def change(self, op: str, blob: str, path: str, value: object, error: str | None, base: str | None = None) -> None:
        """Add the case of one changed member."""
        said = "left out" if value is GONE else json.dumps(value)
        title = f"{path}: {said if len(said) < 60 else said[:57] + '...'}"
        self.add(op, title, changed(self.documents[blob], path, value), blob, error, base)

    def long(self, op: str, blob: str, size: int, error: str) -> None:
        """Add the case of a document over and over, `size` bytes of it, which must end in `error`."""
        data = self.blobs[blob]
        times, rest = divmod(size, len(data))
        found = outcome(op, data * times + data[:rest])
        if found.get("error") != error:
            raise AssertionError(f"{op} {size}: {found}")
        given = {"data": [*[f"${blob}"] * times, f"${blob}[:{rest}]"]}
        name = f"{op}-{len(self.cases)}"
        self.cases.append({"id": name, "what": f"{size} bytes", "op": op, "input": given, "expect": found})

    def text(self) -> str:
        """Return the content of the file, one case per line."""
        blobs = {name: data.hex() for name, data in self.blobs.items()}
        head = json.dumps({**self.head, "blobs": blobs})[:-1]
        return head + ', "cases": [\n' + ",\n".join(" " + json.dumps(one) for one in self.cases) + "\n]}\n"


def policies() -> str:
    """Return the file of policies and memories."""
    documents = {"policy": DEFAULT, "floor": floor_document(), "memory": REMEMBERED}
    file = File("policy", "The default policy and memory, and one change at a time.", documents)
    for blob in ("policy", "floor"):
        file.add("decode_policy", f"the {blob} document", file.blobs[blob], blob, None)
        file.add("decode_policy", f"{blob}: white space", file.blobs[blob] + b" ", blob, "policy_malformed")
    for path, value in POLICY_GOOD:
        file.change("decode_policy", "policy", path, value, None)
    for path, value in POLICY_BAD:
        file.change("decode_policy", "policy", path, value, "policy_malformed")
    file.add("user_policy", "the same policy", file.blobs["policy"], "policy", None, "policy")
    for path, value in STRICTER:
        file.change("user_policy", "policy", path, value, None, "policy")
    for path, value in LOOSER:
        file.change("user_policy", "policy", path, value, "policy_below_floor", "policy")
    file.change("user_policy", "policy", "format", "privity-policy/2", "policy_malformed", "policy")
    file.add("decode_memory", "a memory", file.blobs["memory"], "memory", None)
    file.add("decode_memory", "white space", file.blobs["memory"] + b" ", "memory", "not_canonical")
    for path, value, error in MEMORY_BAD:
        file.change("decode_memory", "memory", path, value, error)
    return file.text()


def releases() -> str:
    """Return the file of releases and models documents."""
    documents = {"release": RELEASE, "models": MODELS}
    file = File("release", "A release, a models document, and one change at a time.", documents)
    file.add("decode_release", "a release", file.blobs["release"], "release", None)
    for path, value in RELEASE_GOOD:
        file.change("decode_release", "release", path, value, None)
    for path, value, error in RELEASE_BAD:
        file.change("decode_release", "release", path, value, error)
    file.long("decode_release", "release", 65_535, "not_canonical")
    file.long("decode_release", "release", 65_536, "too_large")
    (model,) = MODELS["models"]
    file.add("decode_models", "a models document", file.blobs["models"], "models", None)
    file.change("decode_models", "models", "models", [model, {**model, "id": "another"}], None)
    file.change("decode_models", "models", "models", [model, model], "member_value")
    file.change("decode_models", "models", "models", [], "member_value")
    file.change("decode_models", "models", "v", 2, "member_value")
    for path, value, error in MODEL_BAD:
        one = {name: given for name, given in {**model, path: value}.items() if given is not GONE}
        file.change("decode_models", "models", "models", [one], error)
    file.add("decode_prices", "a models document of a node that takes no tokens", file.blobs["models"], "models", None)
    for prices, error in PRICES:
        for op in ("decode_models", "decode_prices"):
            file.change(op, "models", "prices", prices, error)
    return file.text()


FILES: Final = {"policy/cases.json": policies, "release/cases.json": releases}

if __name__ == "__main__":
    for name, made in FILES.items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(made())
