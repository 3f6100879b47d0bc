"""The operations that vectors of contents, merging, trees, titles and wallets name.

Short ids are readable: letters, filled with zero bytes to 16.
"""

from collections.abc import Callable
from typing import Any

from privity_protocol import cbor
from privity_protocol.cbor import Value
from privity_vault import clock, deletion, merge, object, order, title, tree, wallet
from privity_vault.clock import Clock, Stamp
from privity_vault.contents import kinds
from privity_vault.contents.attachment import Attachment, Chunk
from privity_vault.contents.chat import Attached, Node, Role, State, Text
from privity_vault.contents.proof import Receipt
from privity_vault.contents.schema import Content
from privity_vault.contents.wallet import Wallet
from privity_vault.errors import reading
from privity_vault.object import MAX_ITEMS, Place
from privity_vault.secret import ChatKey

Input = dict[str, Any]


def id_of(name: str) -> bytes:
    return name.encode().ljust(16, b"\0")


def name_of(id_: bytes) -> str:
    return id_.rstrip(b"\0").decode()


def names_of(ids: Any) -> list[str]:
    return [name_of(one) for one in ids]


def shown(value: Value) -> Any:
    """A CBOR value in JSON: bytes as {"bytes": hexadecimal}, maps as lists of pairs."""
    match value:
        case bytes():
            return {"bytes": value.hex()}
        case list():
            return [shown(one) for one in value]
        case dict():
            return [[shown(key), shown(one)] for key, one in value.items()]
    return value


def content_of(kind: int, data: bytes) -> Content:
    with reading("object.malformed"):
        value = cbor.decode(data, max_items=MAX_ITEMS)
    return kinds.decode(kind, value)


def data_of(content: Content) -> bytes:
    return cbor.encode(kinds.encode(content))


def decode_content(given: Input) -> Any:
    content = content_of(given["kind"], given["data"])
    assert data_of(content) == given["data"]
    assert kinds.kind_of(content) == given["kind"]
    return {"members": shown(list(kinds.encode(content).values())[1:])}  # type: ignore[union-attr]


def place_content(given: Input) -> Any:
    """Seal a content at a place, `forged` without asking whether it may lie there, and open it."""
    place = Place(given["account"], given["box"], given["object"], given["version"])
    key, content = ChatKey(given["key"]), content_of(given["kind"], given["data"])
    if given["forged"]:
        value, kind = kinds.encode(content), given["kind"]
        body = object.seal(value, kind=kind, place=place, key=key, generation=1, nonce=bytes(12))
    else:
        body = kinds.seal(content, place=place, key=key, generation=1, nonce=bytes(12))
    opened = kinds.open_object(body, place=place, key=key, generation=1)
    assert opened == content
    return {"size": len(body)}


def order_between(given: Input) -> Any:
    return order.between(given["before"], given["after"])


def order_spread(given: Input) -> Any:
    return order.spread(given["count"])


def run_clock(given: Input) -> Any:
    """Ticks ["tick", now] and sights ["observe", millis, counter, device, now] of one clock."""
    at, stamps = Clock(id_of(given["name"])), []
    for what, *rest in given["steps"]:
        if what == "tick":
            at, stamp = clock.tick(at, rest[0])
            stamps.append([stamp.millis, stamp.counter])
        else:
            at = clock.observe(at, Stamp(rest[0], rest[1], id_of(rest[2])), rest[3])
    return {"stamps": stamps, "clock": [at.millis, at.counter]}


def _lost(found: tuple[merge.Lost, ...]) -> Any:
    return [[one.member, one.text] for one in found]


def merge_contents(given: Input) -> Any:
    base, mine, theirs = (content_of(given["kind"], given[name]) for name in ("base", "mine", "theirs"))
    merged = merge.merge(base, mine, theirs, given["now"])
    return {"content": None if merged.content is None else data_of(merged.content).hex(), "lost": _lost(merged.lost)}


def lost_texts(given: Input) -> Any:
    base = None if given["base"] is None else content_of(given["kind"], given["base"])
    return _lost(merge.lost(base, content_of(given["kind"], given["mine"])))


def settle_contents(given: Input) -> Any:
    named = zip(given["names"], given["objects"], strict=True)
    objects = {id_of(name): content_of(given["kind"], data) for name, data in named}
    id_, content, lost = merge.settle(objects, given["now"])
    return {"id": name_of(id_), "content": data_of(content).hex(), "lost": _lost(lost)}


def _node(name: str, parent: str | None, time: int, role: str = "user", parts: Any = ()) -> Node:
    made = [Attached(id_of(one["attachment"])) if isinstance(one, dict) else Text(one) for one in parts]
    where = None if parent is None else id_of(parent)
    return Node(id_of("chat"), where, Role[role.upper()], tuple(made), None, None, State.COMPLETE, time)


def show_tree(given: Input) -> Any:
    """Nodes are [id, parent, time]."""
    made = tree.build({id_of(row[0]): _node(*row) for row in given["nodes"]})
    leaf = None if given["leaf"] is None else id_of(given["leaf"])
    found = {
        "shown": names_of(tree.shown(made, leaf)),
        "detached": sorted(names_of(made.detached)),
        "siblings": {row[0]: names_of(tree.siblings(made, id_of(row[0]))) for row in given["nodes"]},
    }
    if given["added"] is not None:
        found["needs_leaf"] = tree.needs_leaf(made, leaf, id_of(given["added"]))
    return found


def reply_time(given: Input) -> Any:
    return tree.reply_time(None if given["parent"] is None else _node("a", None, given["parent"]), given["now"])


def _box(rows: Any) -> dict[bytes, Content]:
    """Rows: ["node", id, parent, time, role, parts], ["attachment", id, extracted], ["chunk", id, attachment],
    ["receipt", id, node]."""
    made: dict[bytes, Content] = {}
    for what, id_, *rest in rows:
        if what == "node":
            made[id_of(id_)] = _node(id_, *rest)
        elif what == "attachment":
            text = None if rest[0] is None else id_of(rest[0])
            made[id_of(id_)] = Attachment("a", "text/plain", 0, bytes(32), (), text)
        elif what == "chunk":
            made[id_of(id_)] = Chunk(id_of(rest[0]), 0, b"x")
        else:
            made[id_of(id_)] = Receipt(id_of(rest[0]), b"", None, None, None)
    return made


def delete_message(given: Input) -> Any:
    return names_of(deletion.of_message(_box(given["contents"]), id_of(given["id"])))


def delete_chat(given: Input) -> Any:
    return names_of(deletion.of_chat(id_of("chat"), _box(given["contents"])))


def sweep_box(given: Input) -> Any:
    gone, answered = ({id_of(one) for one in given[name]} for name in ("gone", "answered"))
    found = deletion.sweep(_box(given["contents"]), gone, box_gone=given["box_gone"], answered=answered)
    offers = [[name_of(one.top), sorted(names_of(one.nodes))] for one in found.offers]
    return {"deletes": names_of(found.deletes), "offers": offers}


def title_of(given: Input) -> Any:
    return title.of_text(given["text"])


def _wallet(data: bytes) -> Wallet:
    found = content_of(8, data)
    assert isinstance(found, Wallet)
    return found


def claim_block(given: Input) -> Any:
    found = wallet.claim(_wallet(given["data"]), id_of(given["name"]), bytes.fromhex(given["entropy"]))
    return None if found is None else {"block": found.block, "content": data_of(found.wallet).hex()}


def accept_wallet(given: Input) -> Any:
    before = None if given["base"] is None else _wallet(given["base"])
    return data_of(wallet.accept(before, _wallet(given["data"]))).hex()


def spend(given: Input) -> Any:
    """What a device may spend after it spent `count` of it, and whether it should claim."""
    held, device = _wallet(given["data"]), id_of(given["name"])
    spent = {wallet.mark(one) for one in wallet.spendable(held, device, ())[: given["count"]]}
    left = wallet.spendable(held, device, spent)
    due = wallet.needs_claim({id_of("w"): held}, device, spent, given["day"])
    return {"left": [one.hex() for one in left], "claim": due is not None, "over": wallet.is_over(held, given["day"])}


def draw_tokens(given: Input) -> Any:
    """How many tokens a device asks for, and the wallet that it writes for those of `data`."""
    daily, fresh = given["daily"], _wallet(given["data"])
    shared = wallet.is_shared(daily)
    device, entropy = id_of(given["name"]), bytes.fromhex(given["entropy"])
    written = wallet.drawn(fresh.issuer, fresh.day, fresh.tokens, device, entropy, shared=shared)
    count = wallet.to_draw(daily, given["drawn"], given["stock"])
    return {"count": count, "shared": shared, "content": data_of(written).hex()}


def draw_times(given: Input) -> Any:
    """When the next day's tokens are drawn, null: not yet, and how long a claim waits."""
    entropy = bytes.fromhex(given["entropy"])
    moment = wallet.draw_moment(given["day"], given["now"], entropy)
    return {"moment": moment, "delay": wallet.claim_delay(entropy)}


OPERATIONS: dict[str, Callable[[Input], Any]] = {
    one.__name__: one
    for one in (
        *(decode_content, place_content, order_between, order_spread, run_clock, merge_contents, lost_texts),
        *(settle_contents, show_tree, reply_time, delete_message, delete_chat, sweep_box, title_of),
        *(claim_block, accept_wallet, spend, draw_tokens, draw_times),
    )
}
