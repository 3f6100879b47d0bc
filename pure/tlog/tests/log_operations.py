"""The operations that vectors/{note,checkpoint,cosignature,witness-policy,proof,view,tiles,leaves} name."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from privity_tlog import bulletin, checkpoint, cosignature, head, keys, merkle, note, proof, tiles, view, witness_policy
from privity_tlog.leaves import fleet, issuers, reading, revocations, trust, web

Input = dict[str, Any]
LEAF_KINDS = {"fleet": fleet, "issuers": issuers, "policy": trust, "revocations": revocations, "web": web}


def decode_key(given: Input) -> Any:
    key = keys.decode(given["vkey"])
    assert keys.encode(key) == given["vkey"]
    return {"name": key.name, "type": key.type, "id": key.id.hex()}


def decode_note(given: Input) -> Any:
    read = note.decode(given["data"])
    assert note.encode(read) == given["data"]
    lines = [[one.name, one.key_id.hex(), len(one.signature)] for one in read.signatures]
    return {"text": sha256(read.text.encode()).hexdigest(), "signatures": lines}


def verify_note(given: Input) -> Any:
    note.verify(note.decode(given["data"]), keys.decode(given["vkey"]))
    return {}


def decode_checkpoint(given: Input) -> Any:
    read = checkpoint.decode(given["text"])
    assert checkpoint.encode(read) == given["text"]
    return {"origin": read.origin, "size": read.size, "root": read.root.hex(), "extensions": list(read.extensions)}


def verify_cosignature(given: Input) -> Any:
    signed = note.decode(given["data"])
    found = cosignature.verify(signed, checkpoint.decode(signed.text), keys.decode(given["vkey"]))
    return None if found is None else {"name": found.name, "time": found.time}


def decode_witness_policy(given: Input) -> Any:
    read = witness_policy.decode(given["data"])
    return {
        "logs": [[name, [key.id.hex() for key in known]] for name, known in read.logs.items()],
        "witnesses": [[name, key.id.hex()] for name, key in read.witnesses.items()],
        "groups": [[name, group.least, list(group.members)] for name, group in read.groups.items()],
        "quorum": read.quorum,
        "urls": [list(one) for one in read.urls.items()],
    }


def is_met(given: Input) -> Any:
    return witness_policy.decode(given["data"]).is_met(set(given["cosigned"]))


def established(found: head.Head, given: Input) -> Any:
    if "now" in given:
        head.check_age(found, now=given["now"], most=given["most"], skew=given["skew"])
    witnesses = [list(one) for one in found.witnesses]
    return {"size": found.checkpoint.size, "witnesses": witnesses, "time": found.time}


def verify_head(given: Input) -> Any:
    policy = witness_policy.decode(given["policy"])
    return established(head.verify(given["data"], policy, origin=given["origin"]), given)


def decode_proof(given: Input) -> Any:
    read = proof.decode(given["data"])
    assert proof.encode(read.index, read.path, read.checkpoint, read.extra) == given["data"]
    extra = None if read.extra is None else read.extra.hex()
    return {"index": read.index, "path": [one.hex() for one in read.path], "extra": extra}


def verify_proof(given: Input) -> Any:
    policy = witness_policy.decode(given["policy"])
    return established(proof.verify(given["data"], given["entry"], policy, origin=given["origin"]), given)


def _view(text: str | None) -> Any:
    return None if text is None else view.View(checkpoint.decode(text), b"")


def _path(path: list[str] | None) -> Any:
    return None if path is None else [bytes.fromhex(one) for one in path]


def advance(given: Input) -> Any:
    return {"size": view.advance(_view(given["known"]), _view(given["new"]), _path(given["path"])).head.size}


def same_history(given: Input) -> Any:
    view.same_history(_view(given["older"]), _view(given["newer"]), _path(given["path"]))
    return {}


def tile_path(given: Input) -> Any:
    return tiles.Tile(given["level"], given["index"], given["width"]).path


def bundle_path(given: Input) -> Any:
    return tiles.bundle_path(given["index"], given["width"])


def tiles_of(given: Input) -> Any:
    return [one.path for one in tiles.tiles_of(given["old"], given["new"])]


def decode_tile(given: Input) -> Any:
    return [one.hex() for one in tiles.hashes(given["data"], given["width"])]


def decode_entries(given: Input) -> Any:
    read = tiles.entries(given["data"], given["width"])
    assert tiles.bundle(list(read)) == given["data"]
    return [merkle.leaf_hash(one).hex() for one in read]


def verify_tile_proofs(given: Input) -> Any:
    """Proofs computed from one tile of leaves, checked against the root that the log signed."""
    tree = tiles.Tree(given["size"], lambda _: bytes(given["data"]))
    root, old = bytes.fromhex(given["root"]), given["old"]
    leaves = tiles.hashes(given["data"], given["size"])
    merkle.verify_inclusion(leaves[old], old, given["size"], tree.inclusion(old), root)
    steps = tree.consistency(old)
    merkle.verify_consistency(old, given["size"], steps, bytes.fromhex(given["old_root"]), root)
    return {"inclusion": [one.hex() for one in tree.inclusion(old)], "consistency": [one.hex() for one in steps]}


def decode_leaf(given: Input) -> Any:
    kind = reading.kind_of(given["data"])
    module = LEAF_KINDS.get(kind)
    if module is None:
        return {"kind": kind}
    read = module.decode(given["data"])  # type: ignore[attr-defined]
    assert module.encode(read) == given["data"]  # type: ignore[attr-defined]
    lists = {name: len(value) for name, value in asdict_shallow(read).items() if isinstance(value, tuple | dict)}
    return {"kind": kind, "time": getattr(read, "time", None), "lists": lists}


def find_issuer(given: Input) -> Any:
    wanted = {name: given[name] for name in ("deploy", "plan", "day", "now")}
    return {"spki": issuers.find(issuers.decode(given["data"]), **wanted).spki.hex()}


def issuers_follow(given: Input) -> Any:
    issuers.check_follows(issuers.decode(given["data"]), issuers.decode(given["entry"]))


def asdict_shallow(read: Any) -> dict[str, Any]:
    found = {name: getattr(read, name) for name in read.__dataclass_fields__}
    return {name: dict(value) if name == "files" else value for name, value in found.items()}


def decode_bulletin(given: Input) -> Any:
    read = bulletin.decode(given["data"])
    assert bulletin.encode(read) == given["data"]
    return {"release": len(read.release.entries), "keys": len(read.keys.entries)}


def _posted(given: Input) -> bulletin.Posted:
    policy = witness_policy.decode(given["policy"])
    read = bulletin.decode(given["data"])
    return bulletin.verify(read, policy, release=given["release"], keys=given["keys"])


def verify_bulletin(given: Input) -> Any:
    found = _posted(given)
    heads = [found.release_head, found.keys_head]
    return {
        "heads": [[one.checkpoint.origin, one.checkpoint.size, one.time] for one in heads],
        "releases": sorted(one.hex() for one in found.releases),
        "indices": dict(sorted(found.indices.items())),
        "directory": sha256(found.directory).hexdigest(),
        "issuers": found.issuers is not None,
    }


def advance_places(given: Input) -> Any:
    return dict(sorted(bulletin.advance(dict(given["known"]), _posted(given)).items()))


OPERATIONS: dict[str, Callable[[Input], Any]] = {
    one.__name__: one
    for one in (
        decode_key,
        decode_note,
        verify_note,
        decode_checkpoint,
        verify_cosignature,
        decode_witness_policy,
        is_met,
        verify_head,
        decode_proof,
        verify_proof,
        advance,
        same_history,
        tile_path,
        bundle_path,
        tiles_of,
        decode_tile,
        decode_entries,
        verify_tile_proofs,
        decode_leaf,
        find_issuer,
        issuers_follow,
        decode_bulletin,
        verify_bulletin,
        advance_places,
    )
}
