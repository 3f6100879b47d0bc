"""Cases of receipts: one that holds, then one change at a time. Written without the code that reads them."""

import hashlib
import json
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol import binding, evidence
from privity_protocol.canonical import base64url_encode
from vector_evidence import DELETE, DOCUMENT, changed, spelled
from vector_material import Case, case, drawn

SEED = drawn("receipt key", 32)
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
WEIGHTS = drawn("weights", 32).hex()
MODELS = spelled({"models": [{"id": "first", "sha256": ["0" * 64]}, {"id": "second", "sha256": [WEIGHTS]}], "v": 1})
NODE = binding.encode(
    replace(DOCUMENT, sig=KEY.public_key().public_bytes_raw(), models=hashlib.sha256(MODELS.encode()).digest())
)
BUNDLE = evidence.encode({"node-document": ("node-document+json", NODE), "models": ("models+json", MODELS.encode())})
RID = drawn("receipt rid", 16)
BODY = b'{"model":"second","messages":[{"role":"user","content":"Why is the sky blue?"}]}'
LINES = b'{"t":"text","d":"Rayleigh."}\n{"t":"usage","prompt":9,"cached":2,"completion":3}\n'
SALT = hashlib.sha256(b"EC1 receipt salt v1\0" + RID).digest()
RECEIPT: dict[str, Any] = {
    "v": 1,
    "typ": "ec1-receipt",
    "node": hashlib.sha256(NODE).hexdigest(),
    "op": "chat",
    "model": {"id": "second", "sha256": [WEIGHTS]},
    "request": hashlib.sha256(b"EC1 receipt request v1\0" + SALT + BODY).hexdigest(),
    "response": hashlib.sha256(b"EC1 receipt response v1\0" + SALT + LINES).hexdigest(),
    "usage": {"prompt": 9, "cached": 2, "completion": 3},
    "egress": "none",
    "reason": "stop",
}


def signed(receipt: Any, key: Ed25519PrivateKey = KEY, label: bytes = b"EC1 receipt v1\0") -> dict[str, str]:
    document = receipt if isinstance(receipt, str) else spelled(receipt)
    return {"document": document, "signature": base64url_encode(key.sign(label + document.encode()))}


SHOWN = {
    "salt": base64url_encode(SALT), "request": base64url_encode(BODY), "response": base64url_encode(LINES)
}  # fmt: skip
FILE: dict[str, Any] = {
    "v": 1,
    "typ": "privity-receipt",
    **signed(RECEIPT),
    "bundle": base64url_encode(BUNDLE),
    "shown": SHOWN,
}
UNSOUND: dict[str, tuple[str, Any, str]] = {
    "version 2": ("v", 2, "member_value"),
    "another type": ("typ", "ec1-node", "member_value"),
    "a file's type": ("typ", "privity-receipt", "member_value"),
    "a node's hash in capitals": ("node", "A" * 64, "member_value"),
    "no operation": ("op", DELETE, "missing_member"),
    "an operation that says nothing": ("op", "models", "member_value"),
    "a model as text": ("model", "second", "member_type"),
    "a model without weights": ("model.sha256", [], "member_value"),
    "weights in base64": ("model.sha256.0", "A" * 43, "member_value"),
    "a model with a line feed": ("model.id", "second\n", "member_value"),
    "a time": ("time", 1_795_392_000, "unknown_member"),
    "a request id": ("rid", "AAAAAAAAAAAAAAAAAAAAAA", "unknown_member"),
    "a short request hash": ("request", "00", "member_value"),
    "no response": ("response", None, "member_type"),
    "usage without a count": ("usage.cached", DELETE, "missing_member"),
    "a negative count": ("usage.prompt", -1, "member_value"),
    "an empty egress": ("egress", "", "member_value"),
    "an unknown reason": ("reason", "because", "member_value"),
}
UNTRUE: dict[str, tuple[str, Any, str]] = {
    "another node": ("node", "0" * 64, "member_value"),
    "another egress": ("egress", "search", "member_value"),
    "another model's weights": ("model.id", "first", "member_value"),
    "weights that the node does not run": ("model.sha256.0", "1" * 64, "member_value"),
    "another question": ("request", "0" * 64, "member_value"),
    "another answer": ("response", "0" * 64, "member_value"),
}
UNREADABLE: dict[str, tuple[str, Any, str]] = {
    "file version 2": ("v", 2, "member_value"),
    "another kind of file": ("typ", "ec1-receipt", "member_value"),
    "no bundle": ("bundle", DELETE, "missing_member"),
    "a member more": ("note", "", "unknown_member"),
    "a bundle of nothing": ("bundle", "", "bundle_not_canonical"),
    "a bundle in standard base64": ("bundle", "+" + FILE["bundle"][1:], "member_value"),
    "a short signature": ("signature", FILE["signature"][:-4], "member_value"),
    "a padded signature": ("signature", FILE["signature"] + "==", "member_value"),
    "a document that is an object": ("document", {}, "member_type"),
    "a document beyond ASCII": ("document", "é", "member_value"),
    "a document with white space": ("document", json.dumps(RECEIPT, sort_keys=True), "not_canonical"),
    "something shown without salt": ("shown.salt", DELETE, "missing_member"),
    "a salt of another size": ("shown.salt", "AAAA", "member_value"),
    "another salt": ("shown.salt", base64url_encode(bytes(32)), "member_value"),
    "another body": ("shown.request", base64url_encode(BODY[:-1]), "member_value"),
    "one line fewer": ("shown.response", base64url_encode(LINES.splitlines(keepends=True)[0]), "member_value"),
    "an answer as a list": ("shown.response", [], "member_type"),
}


def bundle_of(**items: tuple[str, bytes]) -> str:
    return base64url_encode(evidence.encode({name.replace("_", "-"): item for name, item in items.items()}))


def cases() -> list[Case]:
    def one(what: str, file: Any, expect: dict[str, Any]) -> Case:
        data = file if isinstance(file, bytes) else spelled(file).encode()
        return case(f"receipt-{what.replace(' ', '-')}", what, "check_receipt", {"file": data.hex()}, expect)

    def good(what: str, receipt: dict[str, Any], shown: Any = SHOWN) -> Case:
        told = {name: receipt[name] for name in ("node", "op", "usage", "egress", "reason")}
        ok = told | {"model": receipt["model"]["id"], "weights": receipt["model"]["sha256"]}
        return one(what, FILE | signed(receipt) | {"shown": shown}, {"ok": ok})

    other = Ed25519PrivateKey.from_private_bytes(drawn("another key", 32))
    node, models = ("node-document+json", NODE), ("models+json", MODELS.encode())
    refused = {
        "another key": (signed(RECEIPT, other), "not_authentic"),
        "another label": (signed(RECEIPT, label=b"EC1 node document v1\0"), "not_authentic"),
        "no label": (signed(RECEIPT, label=b""), "not_authentic"),
        "a changed word": ({"document": spelled(RECEIPT | {"reason": "length"})}, "not_authentic"),
        "a bundle without models": ({"bundle": bundle_of(node_document=node)}, "missing_member"),
        "a bundle without a node": ({"bundle": bundle_of(models=models)}, "missing_member"),
        "other models": ({"bundle": bundle_of(node_document=node, models=("models+json", b"{}"))}, "member_value"),
    }
    found = [
        good("a receipt that holds", RECEIPT),
        good("nothing shown", RECEIPT, None),
        good("no usage", RECEIPT | {"usage": None}),
        good("an embedding", RECEIPT | {"op": "embed"}),
        good("stopped", RECEIPT | {"reason": "stopped"}),
        *(one(what, FILE | more, {"error": reason}) for what, (more, reason) in refused.items()),
        one("no file", b"", {"error": "not_canonical"}),
        one("a file with a line feed", spelled(FILE).encode() + b"\n", {"error": "not_canonical"}),
    ]
    for what, (path, value, reason) in (UNSOUND | UNTRUE).items():
        found.append(one(what, FILE | signed(changed(RECEIPT, path, value)), {"error": reason}))
    for what, (path, value, reason) in UNREADABLE.items():
        found.append(one(what, changed(FILE, path, value), {"error": reason}))
    given = {"seed": SEED, "rid": RID, "body": BODY, "lines": LINES, "node": hashlib.sha256(NODE).digest()}
    given["weights"] = bytes.fromhex(WEIGHTS)
    written = signed(RECEIPT)
    found.append(
        case(
            "receipt-write", "what a node writes", "write_receipt",
            {name: value.hex() for name, value in given.items()},
            {"ok": {"document": written["document"], "signature": written["signature"]}},
        )
    )  # fmt: skip
    return found


def files() -> dict[str, tuple[str, list[Case]]]:
    """Path below vectors/ → sentence and cases."""
    return {"receipt/file": ("Receipts as they are kept: what holds, and what does not.", cases())}
