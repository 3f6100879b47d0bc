"""Cases of node documents, bundles and directories: one good example, then one change at a time."""

import hashlib
import json
from typing import Any

from privity_protocol import binding, directory, evidence
from privity_protocol.canonical import base64url_encode
from privity_protocol.platform import Platform
from vector_documents import Bytes, text, times
from vector_material import Case, case, drawn

NBF, EXP = 1_795_392_000, 1_795_399_200
DOCUMENT = binding.NodeDocument(
    pk=drawn("kem key", 1216), sig=drawn("signature key", 32), node=drawn("boot", 16),
    plat=Platform("simulated", drawn("platform", 32)), rel=drawn("release", 32), cfg=drawn("configuration", 32),
    models=drawn("models", 32), dev=None, deploy="local", nbf=NBF, exp=EXP,
    anchor=binding.Anchor("local", bytes(32), 0, NBF), prof=("p0", "p1", "p2"), egress="none", nonce=None,
)  # fmt: skip
DELETE = object()


def spelled(value: object) -> str:
    """Canonical spelling by the standard library alone."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def changed(members: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy of `members` with the member at the dotted `path` replaced, added or deleted."""
    copy = json.loads(json.dumps(members))
    *parents, last = path.split(".")
    place = copy
    for name in parents:
        place = place[int(name) if isinstance(place, list) else name]
    if value is DELETE:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return copy


NODE = json.loads(binding.encode(DOCUMENT))
NODE_BAD: dict[str, tuple[str, Any, str]] = {
    "version 2": ("v", 2, "member_value"),
    "version as text": ("v", "1", "member_type"),
    "version true": ("v", True, "member_type"),
    "other type": ("typ", "ec2-node", "member_value"),
    "other suite": ("suite", 2, "member_value"),
    "suite zero": ("suite", 0, "member_value"),
    "key one byte short": ("pk", base64url_encode(bytes(1215)), "member_value"),
    "key one byte long": ("pk", base64url_encode(bytes(1217)), "member_value"),
    "key padded": ("sig", base64url_encode(bytes(32)) + "=", "member_value"),
    "key with spare bits": ("sig", base64url_encode(bytes(32))[:-1] + "B", "member_value"),
    "key in standard base64": ("sig", "+" + base64url_encode(bytes(32))[1:], "member_value"),
    "key as list": ("pk", [1], "member_type"),
    "boot value short": ("node", base64url_encode(bytes(15)), "member_value"),
    "platform as text": ("plat", "simulated", "member_type"),
    "platform unknown": ("plat.type", "tpm", "member_value"),
    "platform id upper-case": ("plat.id", "A" * 64, "member_value"),
    "platform id short": ("plat.id", "0" * 62, "member_value"),
    "platform with more": ("plat.name", "x", "unknown_member"),
    "platform without id": ("plat.id", DELETE, "missing_member"),
    "release not hex": ("rel", "g" * 64, "member_value"),
    "configuration hash too long": ("cfg", "0" * 66, "member_value"),
    "models hash null": ("models", None, "member_type"),
    "device hash empty": ("dev", "", "member_value"),
    "device hash false": ("dev", False, "member_type"),
    "deployment empty": ("deploy", "", "member_value"),
    "deployment of 65": ("deploy", "d" * 65, "member_value"),
    "deployment beyond ASCII": ("deploy", "é", "member_value"),
    "deployment with a newline": ("deploy", "local\n", "member_value"),
    "begin negative": ("nbf", -1, "member_value"),
    "end as text": ("exp", "1", "member_type"),
    "anchor null": ("anchor", None, "member_type"),
    "anchor without time": ("anchor.time", DELETE, "missing_member"),
    "anchor with more": ("anchor.x", 1, "unknown_member"),
    "anchor origin with a space": ("anchor.origin", "a b", "member_value"),
    "anchor root in base64": ("anchor.root", base64url_encode(bytes(32)), "member_value"),
    "anchor size negative": ("anchor.size", -1, "member_value"),
    "no profile": ("prof", [], "member_value"),
    "profile unknown": ("prof", ["p3"], "member_value"),
    "profile twice": ("prof", ["p0", "p0"], "member_value"),
    "profiles out of order": ("prof", ["p1", "p0"], "member_value"),
    "profiles as text": ("prof", "p0", "member_type"),
    "egress upper-case": ("egress", "None", "member_value"),
    "egress null": ("egress", None, "member_type"),
    "nonce short": ("nonce", base64url_encode(bytes(31)), "member_value"),
    "nonce zero": ("nonce", 0, "member_type"),
    "unknown member": ("kat", 1, "unknown_member"),
}


def node_documents() -> list[Case]:
    """Cases of `decode_node_document`, `window` and `device_digest`."""
    good = {
        "window document": NODE,
        "challenge answer": changed(NODE, "nonce", base64url_encode(drawn("nonce", 32))),
        "with devices": changed(NODE, "dev", drawn("devices", 32).hex()),
        "one profile": changed(NODE, "prof", ["p1"]),
        "other platform": changed(NODE, "plat.type", "sev_snp"),
        "window is not judged": changed(NODE, "exp", 0),
    }
    cases = [_node(name, text(spelled(nd)), {"ok": _described(spelled(nd))}) for name, nd in good.items()]
    for name, (path, value, reason) in NODE_BAD.items():
        cases.append(_node(name, text(spelled(changed(NODE, path, value))), {"error": reason}))
    for member in sorted(NODE):
        data = text(spelled(changed(NODE, member, DELETE)))
        cases.append(_node(f"without {member}", data, {"error": "missing_member"}))
    filled = spelled(changed(NODE, "anchor.origin", "a" * (len("local") + 4096 - len(spelled(NODE)))))
    cases += [
        _node("a list", text("[]"), {"error": "member_type"}),
        _node("white space", text(spelled(NODE) + " "), {"error": "not_canonical"}),
        _node("4097 bytes", text(" " * 4097), {"error": "too_large"}),
        _node(
            "4096 bytes are read",
            text(filled),
            {"error": "member_value"},
        ),
    ]
    return cases + _windows() + _digests()


def _node(name: str, data: Bytes, expect: dict[str, Any]) -> Case:
    return case(name.replace(" ", "-"), f"node document: {name}", "decode_node_document", {"data": data}, expect)


def _described(document: str) -> dict[str, Any]:
    nd, data = json.loads(document), document.encode()
    nonce = None if nd["nonce"] is None else drawn("nonce", 32)
    hashed = hashlib.sha256(DOCUMENT.pk).digest() + DOCUMENT.node + (nonce or b"")
    return {
        "kid": hashlib.sha256(data).hexdigest()[:16],
        "report_data": hashlib.sha512(b"EC1 node document v1\0" + data).hexdigest(),
        "device_nonce": hashlib.sha256(b"EC1 device v1\0" + hashed).hexdigest(),
        "nonce": None if nonce is None else nonce.hex(),
        **{name: nd[name] for name in ("plat", "nbf", "exp", "deploy", "egress", "prof", "dev")},
    }


def _windows() -> list[Case]:
    table = {
        "begins": (NBF, EXP, NBF, []),
        "300 s early": (NBF, EXP, NBF - 300, []),
        "301 s early": (NBF, EXP, NBF - 301, ["key_not_yet_valid"]),
        "last second": (NBF, EXP, EXP - 1, []),
        "ended": (NBF, EXP, EXP, ["key_expired"]),
        "7200 s long": (NBF, NBF + 7200, NBF, []),
        "7201 s long": (NBF, NBF + 7201, NBF, ["key_lifetime"]),
        "no length": (NBF, NBF, NBF - 1, ["key_lifetime"]),
        "ends before it begins": (NBF, NBF - 1, NBF - 2, ["key_lifetime"]),
        "early and too long": (NBF, NBF + 9000, NBF - 900, ["key_not_yet_valid", "key_lifetime"]),
        "ended and too long": (NBF, NBF + 9000, NBF + 9000, ["key_expired", "key_lifetime"]),
    }
    cases = []
    for name, (nbf, exp, now, faults) in table.items():
        data = text(spelled({**NODE, "nbf": nbf, "exp": exp}))
        given = {"data": data, "now": now, "skew": 300, "lifetime": 7200}
        cases.append(case(name.replace(" ", "-"), f"window: {name}", "window", given, {"ok": {"faults": faults}}))
    return cases


def _digests() -> list[Case]:
    tables: dict[str, list[tuple[str, bytes]]] = {
        "no devices": [],
        "one GPU": [("gpu-0", b"evidence")],
        "two GPUs and a switch": [("gpu-0", b"a"), ("gpu-1", b""), ("switch-0", b"b")],
        "relabelled": [("gpu-0", b""), ("gpu-1", b"a"), ("switch-0", b"b")],
    }
    cases = []
    for name, devices in tables.items():
        parts = b"".join(len(p).to_bytes(4) + p for label, data in devices for p in (label.encode(), data))
        given = {"devices": [[label, data.hex()] for label, data in devices]}
        expect = {"ok": {"digest": hashlib.sha256(parts).hexdigest() if devices else None}}
        cases.append(case(name.replace(" ", "-"), f"device digest: {name}", "device_digest", given, expect))
    return cases


HEAD = '{"__cmwc_t":"tag:privity.invalid,2026:evidence-bundle#1"'
CPU = ',"cpu":["application/vnd.privity.sim-document","AAEC",4]'
MODELS = ',"models":["application/vnd.privity.models+json","e30",4]'
RELEASE = ',"release":["application/vnd.privity.release+json","",1]'
BUNDLE_BAD = {
    "empty input": ("", "bundle_not_canonical"),
    "empty object": ("{}", "bundle_not_canonical"),
    "other collection type": (HEAD.replace("#1", "#2") + "}", "bundle_type"),
    "collection type empty": ('{"__cmwc_t":""}', "bundle_type"),
    "collection type not first": ("{" + CPU[1:] + "," + HEAD[1:] + "}", "bundle_not_canonical"),
    "collection type twice": (HEAD + "," + HEAD[1:] + "}", "bundle_not_canonical"),
    "not closed": (HEAD + CPU, "bundle_not_canonical"),
    "closed twice": (HEAD + CPU + "}}", "bundle_not_canonical"),
    "newline at the end": (HEAD + CPU + "}\n", "bundle_not_canonical"),
    "space": (HEAD + CPU.replace(":", ": ") + "}", "bundle_not_canonical"),
    "trailing comma": (HEAD + CPU + ",}", "bundle_not_canonical"),
    "escape in a label": (HEAD + CPU.replace("cpu", "\\u0063pu") + "}", "bundle_not_canonical"),
    "delete character": (HEAD + "\x7f" + "}", "bundle_not_canonical"),
    "labels out of order": (HEAD + MODELS + CPU + "}", "bundle_not_canonical"),
    "label twice": (HEAD + CPU + CPU + "}", "bundle_not_canonical"),
    "label unknown": (HEAD + CPU.replace("cpu", "cpv") + "}", "label_unknown"),
    "label empty": (HEAD + CPU.replace("cpu", "") + "}", "bundle_not_canonical"),
    "label upper-case": (HEAD + CPU.replace("cpu", "CPU") + "}", "label_unknown"),
    "sixteenth GPU": (HEAD + ',"gpu-16":["application/vnd.privity.nvidia-spdm+cbor","",4]}', "label_unknown"),
    "GPU with a leading zero": (HEAD + ',"gpu-00":["application/vnd.privity.nvidia-spdm+cbor","",4]}', "label_unknown"),
    "media type of another label": (HEAD + CPU.replace("sim-document", "models+json") + "}", "media_type"),
    "media type without prefix": (HEAD + CPU.replace("application/vnd.privity.", "") + "}", "media_type"),
    "media type prefix twice": (
        HEAD + CPU.replace("vnd.privity.", "vnd.privity.application/vnd.privity.") + "}",
        "media_type",
    ),
    "media type upper-case": (HEAD + CPU.replace("sim-doc", "SIM-doc") + "}", "media_type"),
    "media type with a parameter": (HEAD + CPU.replace("sim-document", "sim-document;v=1") + "}", "media_type"),
    "other indicator": (HEAD + CPU.replace(",4]", ",2]") + "}", "indicator"),
    "indicator with a leading zero": (HEAD + CPU.replace(",4]", ",04]") + "}", "indicator"),
    "two indicators at once": (HEAD + CPU.replace(",4]", ",12]") + "}", "indicator"),
    "indicator 4.0": (HEAD + CPU.replace(",4]", ",4.0]") + "}", "bundle_not_canonical"),
    "indicator missing": (HEAD + CPU.replace(",4]", "]") + "}", "bundle_not_canonical"),
    "fourth element": (HEAD + CPU.replace(",4]", ",4,4]") + "}", "bundle_not_canonical"),
    "item padded": (HEAD + CPU.replace("AAEC", "AAE=") + "}", "item_encoding"),
    "item with spare bits": (HEAD + CPU.replace("AAEC", "AAF") + "}", "item_encoding"),
    "item of impossible length": (HEAD + CPU.replace("AAEC", "AAECA") + "}", "item_encoding"),
    "item in standard base64": (HEAD + CPU.replace("AAEC", "AA+/") + "}", "item_encoding"),
    "nested collection": (HEAD + ',"cpu":' + HEAD + "}}", "bundle_not_canonical"),
    "item as object": (HEAD + ',"cpu":{}}', "bundle_not_canonical"),
}


def bundles() -> list[Case]:
    """Cases of `decode_bundle`."""
    good = {"no items": "", "one item": CPU, "three items": CPU + MODELS + RELEASE}
    listed = {"no items": [], "one item": [_listed(0)], "three items": [_listed(0), _listed(1), _listed(2)]}
    cases = [_bundle(name, [text(HEAD + items + "}")], {"ok": {"items": listed[name]}}) for name, items in good.items()]
    cases += [_bundle(name, [text(data)], {"error": reason}) for name, (data, reason) in BUNDLE_BAD.items()]
    for label, rule in sorted(evidence.LABELS.items()):
        if label.startswith(("gpu-", "switch-")) and label not in ("gpu-15", "switch-0"):
            continue
        cases += _at_its_limit(label, sorted(rule.media_types)[0], rule)
    cases += [
        _bundle("524288 bytes are read", [times(b"{", 524_288)], {"error": "bundle_not_canonical"}),
        _bundle("524289 bytes", [times(b"{", 524_289)], {"error": "bundle_too_large"}),
        _bundle("UTF-8", [text(HEAD), "c3a9", text("}")], {"error": "bundle_not_canonical"}),
    ]
    return cases


LISTED = (("cpu", "sim-document", b"\0\1\2"), ("models", "models+json", b"{}"), ("release", "release+json", b""))


def _listed(index: int) -> list[str]:
    label, media_type, data = LISTED[index]
    return [label, media_type, hashlib.sha256(data).hexdigest()]


def _at_its_limit(label: str, media_type: str, rule: evidence.Label) -> list[Case]:
    start, end = f',"{label}":["application/vnd.privity.{media_type}","', f'",{rule.indicator}]}}'
    cases = []
    for size, name in ((rule.limit, "at"), (rule.limit + 1, "above")):
        whole, rest = divmod(size, 3)
        body = [times(b"AAAA", whole), text("A" * (rest + 1 if rest else 0))]
        ok = {"items": [[label, media_type, hashlib.sha256(bytes(size)).hexdigest()]]}
        expect: dict[str, Any] = {"ok": ok} if size == rule.limit else {"error": "item_too_large"}
        cases.append(_bundle(f"{label} {name} its limit", [text(HEAD + start), *body, text(end)], expect))
    return cases


def _bundle(name: str, data: Bytes, expect: dict[str, Any]) -> Case:
    return case(name.replace(" ", "-"), f"bundle: {name}", "decode_bundle", {"data": data}, expect)


ENTRY = directory.Node(
    bytes([1]) * 32, Platform("simulated", drawn("platform", 32)), drawn("release", 32), ("a", "b/c"), 1
)
SECOND = directory.Node(bytes([2]) * 32, Platform("tdx", drawn("other platform", 32)), drawn("release", 32), ("a",), 8)
DIRECTORY = json.loads(directory.encode(directory.Directory(NBF, NBF + 3600, None, (ENTRY, SECOND))))
DIRECTORY_BAD: dict[str, tuple[str, Any, str]] = {
    "version 2": ("v", 2, "member_value"),
    "other kind": ("t", "release", "member_value"),
    "ends when it begins": ("exp", NBF, "member_value"),
    "begin as text": ("nbf", "0", "member_type"),
    "predecessor short": ("prev", "00", "member_value"),
    "predecessor a number": ("prev", 0, "member_type"),
    "nodes as object": ("nodes", {}, "member_type"),
    "node as text": ("nodes.0", "x", "member_type"),
    "node twice": ("nodes.1", DIRECTORY["nodes"][0], "member_value"),
    "nodes not ascending": ("nodes", DIRECTORY["nodes"][::-1], "member_value"),
    "node hash upper-case": ("nodes.0.nd", "A" * 64, "member_value"),
    "platform unknown": ("nodes.0.plat.type", "abacus", "member_value"),
    "release short": ("nodes.0.rel", "00", "member_value"),
    "no model": ("nodes.0.cap", [], "member_value"),
    "model twice": ("nodes.0.cap", ["a", "a"], "member_value"),
    "models not ascending": ("nodes.0.cap", ["b", "a"], "member_value"),
    "model id with a space": ("nodes.0.cap", ["a b"], "member_value"),
    "model id of 129": ("nodes.0.cap", ["a" * 129], "member_value"),
    "65 models": ("nodes.0.cap", [f"m{index:02}" for index in range(65)], "member_value"),
    "weight zero": ("nodes.0.w", 0, "member_value"),
    "weight nine": ("nodes.0.w", 9, "member_value"),
    "weight true": ("nodes.0.w", True, "member_type"),
    "node with more": ("nodes.0.url", "x", "unknown_member"),
    "node without weight": ("nodes.0.w", DELETE, "missing_member"),
    "unknown member": ("sig", "x", "unknown_member"),
    "without predecessor": ("prev", DELETE, "missing_member"),
}


def directories() -> list[Case]:
    """Cases of `decode_directory`."""
    good = {
        "two nodes": DIRECTORY,
        "no nodes": changed(DIRECTORY, "nodes", []),
        "with a predecessor": changed(DIRECTORY, "prev", "ab" * 32),
        "64 models": changed(DIRECTORY, "nodes.0.cap", [f"m{index:02}" for index in range(64)]),
    }
    cases = []
    for name, members in good.items():
        nodes = [[n["nd"], n["plat"]["type"], n["plat"]["id"], n["rel"], n["cap"], n["w"]] for n in members["nodes"]]
        ok = {"nodes": nodes, **{key: members[key] for key in ("nbf", "exp", "prev")}}
        cases.append(_directory(name, text(spelled(members)), {"ok": ok}))
    for name, (path, value, reason) in DIRECTORY_BAD.items():
        cases.append(_directory(name, text(spelled(changed(DIRECTORY, path, value))), {"error": reason}))
    cases += [
        _directory("65536 bytes", [times(b" ", 65_536)], {"error": "too_large"}),
        _directory("65535 bytes are read", [times(b" ", 65_535)], {"error": "not_canonical"}),
        _directory("white space", text(spelled(DIRECTORY).replace(",", ", ", 1)), {"error": "not_canonical"}),
    ]
    return cases


def _directory(name: str, data: Bytes, expect: dict[str, Any]) -> Case:
    return case(name.replace(" ", "-"), f"directory: {name}", "decode_directory", {"data": data}, expect)
