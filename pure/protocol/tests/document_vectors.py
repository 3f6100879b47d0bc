"""Reads the cases of the document vectors and runs each operation."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from privity_protocol import admission, binding, canonical, cbor, directory, evidence
from privity_protocol.errors import Malformed
from privity_protocol.evidence import Item
from shared_vectors import OWN


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of one folder."""
    return json.loads((OWN / name / "cases.json").read_text())["cases"]


def joined(value: Any) -> bytes:
    """The bytes of a piece or a list of pieces."""
    if isinstance(value, str):
        return bytes.fromhex(value)
    if isinstance(value, list):
        return b"".join(joined(piece) for piece in value)
    return value["text"].encode("ascii") if "text" in value else bytes.fromhex(value["repeat"]) * value["times"]


def attempt(read: Callable[[], Any]) -> Any:
    """What `read` returns, or the documented error it raises."""
    try:
        return read()
    except Malformed as error:
        return error


def decode_canonical(given: dict[str, Any]) -> dict[str, Any]:
    data = joined(given["data"])
    value = canonical.decode(data, max_bytes=given["max_bytes"], max_depth=given["max_depth"])
    assert canonical.encode(value) == data
    return {}


def decode_cbor(given: dict[str, Any]) -> dict[str, Any]:
    data = joined(given["data"])
    any_order, indefinite = given.get("any_order", False), given.get("indefinite", False)
    value = cbor.decode(data, any_order=any_order, indefinite=indefinite)
    written = cbor.encode(value)
    assert written == data or indefinite or (any_order and len(written) == len(data))
    return {"value": shown(value)}


def shown(value: cbor.Value) -> Any:
    """A CBOR value as the vectors write it."""
    match value:
        case None | bool():
            return value
        case int():
            return {"int": value}
        case bytes():
            return {"bytes": value.hex()}
        case str():
            return {"text": value}
        case list():
            return {"array": [shown(one) for one in value]}
        case dict():
            return {"map": [[shown(key), shown(one)] for key, one in value.items()]}
        case cbor.Tag():
            return {"tag": [value.number, shown(value.value)]}


def decode_node_document(given: dict[str, Any]) -> dict[str, Any]:
    data = joined(given["data"])
    nd = binding.decode(data)
    assert binding.encode(nd) == data
    return {
        "kid": binding.kid(data).hex(),
        "report_data": binding.report_data(data).hex(),
        "device_nonce": binding.device_nonce(pk=nd.pk, node=nd.node, nonce=nd.nonce).hex(),
        "nonce": None if nd.nonce is None else nd.nonce.hex(),
        "plat": {"type": nd.plat.type, "id": nd.plat.id.hex()},
        "dev": None if nd.dev is None else nd.dev.hex(),
        "prof": list(nd.prof),
        **{name: getattr(nd, name) for name in ("nbf", "exp", "deploy", "egress")},
    }


def window(given: dict[str, Any]) -> dict[str, Any]:
    nd = binding.decode(joined(given["data"]))
    faults = binding.window_faults(nd, given["now"], skew=given["skew"], lifetime=given["lifetime"])
    return {"faults": list(faults)}


def device_digest(given: dict[str, Any]) -> dict[str, Any]:
    items = [Item(label, "nvidia-spdm+cbor", joined(data)) for label, data in given["devices"]]
    digest = binding.device_digest(items)
    return {"digest": None if digest is None else digest.hex()}


def decode_bundle(given: dict[str, Any]) -> dict[str, Any]:
    data = joined(given["data"])
    items = evidence.decode(data).items
    assert evidence.encode({label: (item.media_type, item.data) for label, item in items.items()}) == data
    return {"items": [[i.label, i.media_type, hashlib.sha256(i.data).hexdigest()] for i in items.values()]}


def decode_directory(given: dict[str, Any]) -> dict[str, Any]:
    data = joined(given["data"])
    listed = directory.decode(data)
    assert directory.encode(listed) == data
    nodes = [[n.nd.hex(), n.plat.type, n.plat.id.hex(), n.rel.hex(), list(n.cap), n.w] for n in listed.nodes]
    prev = None if listed.prev is None else listed.prev.hex()
    return {"nbf": listed.nbf, "exp": listed.exp, "prev": prev, "nodes": nodes}


def outer_error(given: dict[str, Any]) -> dict[str, Any]:
    return {"reason": admission.from_status(given["status"]).reason}


def reactions(given: dict[str, Any]) -> dict[str, Any]:
    allowed = admission.reactions(admission.OuterError[given["reason"].upper()], sent=given["sent"])
    return {"reactions": sorted(one.value for one in allowed)}


OPERATIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    one.__name__: one
    for one in (
        decode_canonical,
        decode_cbor,
        decode_node_document,
        window,
        device_digest,
        decode_bundle,
        decode_directory,
        outer_error,
        reactions,
    )
}
