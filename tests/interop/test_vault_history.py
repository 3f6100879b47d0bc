"""Contents, merges, trees, titles and places come out the same in Python and TypeScript, for random inputs."""

import json
import random
import sys
from pathlib import Path
from typing import Any

from privity_protocol import cbor
from privity_vault import clock, deletion, merge, order, title, tree
from privity_vault.clock import Clock, Stamp
from privity_vault.contents import kinds
from privity_vault.contents.chat import Node, Role, State, Text
from privity_vault.contents.home import Prompt
from privity_vault.contents.schema import Content, Field
from privity_vault.errors import VaultError, reading
from privity_vault.object import MAX_ITEMS

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "pure/vault/tests"))

from vault_form import bytes_of  # noqa: E402

FILE = json.loads((ROOT / "vectors/contents/cases.json").read_text())
BLOBS = {name: bytes_of(text, {}) for name, text in FILE["blobs"].items()}
GOOD = [
    (one["input"]["kind"], bytes_of(one["input"]["data"], BLOBS))
    for one in FILE["cases"]
    if one["op"] == "decode_content" and "ok" in one["expect"]
]
PLACES = [
    b"\0",
    b"\x01",
    b"\xf6",
    b"\xf5",
    b"\x40",
    b"\x60",
    b"\x80",
    b"\xa0",
    b"\x18\x18",
    b"a",
    b"\x1b" + b"\xff" * 8,
]
DEVICES = [bytes([at]) * 16 for at in range(3)]
NOW = 1_795_600_000_000
WORDS = ["", " ", "one", "two", "é", "𝄞", "a\u0301"]


def content_of(kind: int, data: bytes) -> Content:
    with reading("object.malformed"):
        value = cbor.decode(data, max_items=MAX_ITEMS)
    return kinds.decode(kind, value)


def data_of(content: Content) -> str:
    return cbor.encode(kinds.encode(content)).hex()


def said(kind: int, data: bytes) -> str:
    try:
        content_of(kind, data)
    except VaultError as error:
        return error.reason
    return "ok"


def near(good: bytes, draw: random.Random) -> bytes:
    """`good` with something put in, changed or taken away near its beginning."""
    at = draw.randrange(min(len(good), 300))
    put = draw.choice([*PLACES, bytes([draw.randrange(256)]), good[at : at + 9], b""])
    return good[:at] + put + good[at + draw.choice((0, len(put), 1, 17)) :]


def test_contents_are_accepted_and_refused_alike(vault_peer: Any) -> None:
    draw = random.Random(1)
    small = [(kind, data) for kind, data in GOOD if len(data) < 20_000]
    inputs = [*GOOD, *((kind, near(data, draw)) for kind, data in small for _ in range(60))]
    inputs += [(kind, data) for kind in (0, 1, 14, 255) for _, data in small]
    ours = [said(kind, data) for kind, data in inputs]
    theirs = vault_peer.ask("contents", inputs=[(kind, data.hex()) for kind, data in inputs])["said"]
    differing = [
        (kind, data, one, other) for (kind, data), one, other in zip(inputs, ours, theirs, strict=True) if one != other
    ]
    assert differing == []
    assert {kind for kind, _ in small} == set(range(1, 14))
    assert {"ok", "object.malformed", "object.wrong_kind"} == set(ours)


def stamped(draw: random.Random, value: str) -> Field[str]:
    millis = NOW + draw.choice((0, 1, -1, 5, clock.MAX_DRIFT_MS, clock.MAX_DRIFT_MS + 1, 2 * clock.MAX_DRIFT_MS))
    return Field(value, Stamp(millis, draw.randrange(2), draw.choice(DEVICES)))


def prompt(draw: random.Random, like: Prompt | None = None) -> Prompt:
    """A prompt, each field of which may be that of another."""
    fields = ("title", "text", "shortcut")
    kept = [getattr(like, name) if like is not None and draw.random() < 0.4 else None for name in fields]
    return Prompt(*(one or stamped(draw, draw.choice(WORDS)) for one in kept))


def test_edits_are_merged_alike(vault_peer: Any) -> None:
    draw = random.Random(2)
    rows = []
    for _ in range(600):
        base = prompt(draw)
        rows.append((base, prompt(draw, base), prompt(draw, base), NOW + draw.choice((0, 1, 10**7))))
    ours = []
    for base, mine, theirs, now in rows:
        merged = merge.merge(base, mine, theirs, now)
        lost = [[one.member, one.text] for one in merged.lost]
        ours.append([None if merged.content is None else data_of(merged.content), lost])
    asked = [(data_of(base), data_of(mine), data_of(theirs), now) for base, mine, theirs, now in rows]
    assert vault_peer.ask("merged", kind=12, rows=asked)["merged"] == ours
    assert {one[0] is None for one in ours} == {True, False}
    assert any(one[1] for one in ours)


def test_a_row_of_edits_is_stamped_alike(vault_peer: Any) -> None:
    draw = random.Random(3)
    for _ in range(20):
        first, at = prompt(draw), Clock(DEVICES[1])
        steps = [(NOW + draw.randrange(-5, 5), {draw.choice(("title", "text")): draw.choice(WORDS)}) for _ in range(8)]
        content: Content = first
        for now, values in steps:
            at, content = merge.edit(content, at, now, **values)
        found = vault_peer.ask("edited", kind=12, data=data_of(first), device=DEVICES[1], steps=steps)
        assert found == {"content": data_of(content), "clock": [at.millis, at.counter]}


def shape(draw: random.Random) -> dict[str, Any]:
    """Messages with parents among themselves, missing, deleted or in circles."""
    ids = [bytes([at + 1]) * 16 for at in range(draw.randrange(1, 9))]
    strange = [b"x" * 16, b"y" * 16]
    nodes = [
        (
            id_.hex(),
            draw.choice([None, *(one.hex() for one in (*ids, *strange))]),
            draw.randrange(4),
            draw.randrange(4),
            draw.choice(WORDS),
        )
        for id_ in ids
    ]
    chosen = [one.hex() for one in (*ids, *strange)]
    return {
        "nodes": nodes,
        "leaf": draw.choice([None, *chosen]),
        "gone": draw.sample(chosen, draw.randrange(3)),
        "box_gone": draw.random() < 0.3,
        "answered": draw.sample(chosen, draw.randrange(3)),
    }


def told(shape: dict[str, Any]) -> dict[str, Any]:
    """What Python makes of a shape."""
    raw = bytes.fromhex
    nodes: dict[bytes, Content] = {
        raw(id_): Node(bytes(16), None if parent is None else raw(parent), Role(role), (Text(words),), None, None,
                       State.COMPLETE, time)
        for id_, parent, time, role, words in shape["nodes"]
    }  # fmt: skip
    made = tree.build(nodes)  # type: ignore[arg-type]
    leaf = None if shape["leaf"] is None else raw(shape["leaf"])
    gone, answered = ({raw(one) for one in shape[name]} for name in ("gone", "answered"))
    swept = deletion.sweep(nodes, gone, box_gone=shape["box_gone"], answered=answered)
    return {
        "shown": [one.hex() for one in tree.shown(made, leaf)],
        "detached": sorted(one.hex() for one in made.detached),
        "deletes": [one.hex() for one in swept.deletes],
        "offers": [[one.top.hex(), sorted(id_.hex() for id_ in one.nodes)] for one in swept.offers],
    }


def test_trees_are_shown_and_swept_alike(vault_peer: Any) -> None:
    draw = random.Random(4)
    shapes = [shape(draw) for _ in range(800)]
    ours = [told(one) for one in shapes]
    assert vault_peer.ask("trees", shapes=shapes)["trees"] == ours
    assert all(any(one[name] for one in ours) for name in ours[0])


def test_titles_and_places_are_the_same(vault_peer: Any) -> None:
    draw = random.Random(5)
    odd = [
        "#",
        " ",
        "\n",
        "\u200b",
        "\u200d",
        "👩",
        "\U0001f1e9",
        "\U0001f1ea",
        "\u0301",
        "\ufeff",
        "word",
        "x" * 40,
        "\u2028",
    ]
    texts = ["".join(draw.choice(odd) for _ in range(draw.randrange(40))) for _ in range(600)]
    assert vault_peer.ask("titles", texts=texts)["titles"] == [title.of_text(one) for one in texts]
    places = order.spread(5)
    pairs: list[tuple[str | None, str | None]] = []
    for _ in range(300):
        at = draw.randrange(len(places) + 1)
        pair = (places[at - 1] if at else None, places[at] if at < len(places) else None)
        pairs.append(pair)
        places.insert(at, order.between(*pair))
    assert vault_peer.ask("places", pairs=pairs)["places"] == [order.between(*one) for one in pairs]
