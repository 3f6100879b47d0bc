"""Cases of vectors/tree, vectors/title and vectors/wallet."""

from typing import Any

import cases_contents
import vault_material as m
from cases_contents import encoded
from history_operations import id_of
from privity_vault.wallet import AHEAD_S, BATCH, DAY_S, LOW, STOCK
from vault_form import Case, case

TALK: Any = [["a", None, 1], ["b", "a", 2], ["c", "b", 3], ["d", "c", 4]]
EDITED: Any = [*TALK, ["e", "b", 5], ["f", "e", 6]]


def tree_cases() -> list[Case]:
    return [*_shown(), *_deleted(), *_swept()]


def _shown() -> list[Case]:
    rows: list[tuple[str, str, Any, str | None, str | None]] = [
        ("empty", "no message", [], None, None),
        ("talk", "four messages", TALK, None, "d"),
        ("order", "in another order of arrival", TALK[::-1], None, None),
        ("newest", "the newest is on another branch", EDITED, None, "f"),
        ("leaf", "a leaf on the older branch", EDITED, "d", "f"),
        ("leaf-middle", "a leaf goes on to the newest below it", EDITED, "b", None),
        ("leaf-gone", "a leaf that is not there", EDITED, "x", None),
        ("beginnings", "the first message was edited", [["a", None, 1], ["b", None, 2], ["c", "a", 3]], None, "c"),
        ("tie", "two of one time: the greater id", [["a", None, 1], ["b", "a", 2], ["c", "a", 2]], None, None),
        ("before-parent", "an answer older than its question", [["a", None, 9], ["b", "a", 1]], None, None),
        ("far", "a message of 2100 is the newest", [*TALK, ["z", "a", 4_102_444_800_000]], None, "d"),
        ("far-leaf", "until somebody goes on elsewhere", [*TALK, ["z", "a", 4_102_444_800_000]], "d", None),
        ("missing", "a message is missing", [TALK[0], TALK[2], TALK[3]], None, None),
        ("missing-leaf", "a leaf that hangs on nothing", [TALK[0], TALK[2], TALK[3]], "d", None),
        ("own-parent", "its own parent", [["a", None, 1], ["b", "b", 2]], None, None),
        ("circle", "two that are each other's parent", [["a", None, 1], ["b", "c", 2], ["c", "b", 3]], "b", None),
        ("all-circle", "nothing but a circle", [["b", "c", 2], ["c", "b", 3]], None, None),
    ]
    shown = [
        case(f"shown-{id_}", what, "show_tree", ..., nodes=nodes, leaf=leaf, added=added)
        for id_, what, nodes, leaf, added in rows
    ]
    times = [("first", None, 5), ("later", 5, 9), ("far", 4_102_444_800_000, 9), ("end", 2**48 - 1, 9)]
    return [*shown, *(case(f"time-{id_}", "a new message", "reply_time", ..., parent=p, now=n) for id_, p, n in times)]


def node(id_: str, parent: str | None, time: int, role: str = "user", *parts: Any) -> list[Any]:
    return ["node", id_, parent, time, role, list(parts) or [f"text {id_}"]]


FILE: Any = {"attachment": "p"}
BOX: Any = [
    node("a", None, 1),
    node("b", "a", 2, "assistant"),
    node("c", "b", 3, "user", "see", FILE),
    node("d", "c", 4, "assistant"),
    node("e", "b", 5, "user", "see again", FILE),
    ["attachment", "p", "q"],
    ["attachment", "q", None],
    ["attachment", "r", None],
    ["chunk", "s", "p"],
    ["chunk", "t", "q"],
    ["chunk", "u", "r"],
    ["receipt", "v", "d"],
    ["receipt", "w", "b"],
]


def _deleted() -> list[Case]:
    single = [row for row in BOX if row[1] != "e"]
    return [
        case("delete-last", "the last answer, with its receipt", "delete_message", ..., contents=BOX, id="d"),
        case("delete-shared", "a file that another message names", "delete_message", ..., contents=BOX, id="c"),
        case("delete-file", "a file that no other message names", "delete_message", ..., contents=single, id="c"),
        case("delete-all", "the beginning", "delete_message", ..., contents=BOX, id="a"),
        case("delete-chat", "a chat", "delete_chat", ..., contents=BOX),
    ]


def _sweep(id_: str, what: str, contents: Any, gone: Any = (), *, box_gone: bool = False, answered: Any = ()) -> Case:
    given: Any = {"gone": list(gone), "box_gone": box_gone, "answered": list(answered)}
    return case(f"sweep-{id_}", what, "sweep_box", ..., contents=contents, **given)


def _swept() -> list[Case]:
    left = [row for row in BOX if row[1] not in ("b", "w")]
    wordless = [node("c", "b", 1, "user", FILE), ["attachment", "p", None]]
    circle = [node("x", "y", 1), node("y", "x", 2, "assistant")]
    return [
        _sweep("nothing", "nothing was deleted", BOX),
        _sweep("below", "answers below a deleted message", left, ["b"]),
        _sweep("answered", "all was answered", left, ["b"], answered=["c", "e"]),
        _sweep("answered-one", "one of two was answered", left, ["b"], answered=["c"]),
        _sweep("withheld", "a parent is missing without being deleted", left),
        _sweep("deep", "far below a deleted message", [node("c", "b", 1, "assistant"), node("d", "c", 2)], ["b"]),
        _sweep("model", "nothing of the person's own", [node("c", "b", 1, "assistant")], ["b"]),
        _sweep("blank", "white space alone", [node("c", "b", 1, "user", " \n")], ["b"]),
        _sweep("file-only", "a file without a word", wordless, ["b"]),
        _sweep("receipt", "a receipt of a deleted answer", [["receipt", "v", "d"], ["chunk", "s", "p"]], ["d", "p"]),
        _sweep("box", "a deleted box", BOX[:4], ["chat"], box_gone=True),
        _sweep("box-answered", "a deleted box, answered", BOX, ["chat"], box_gone=True, answered=["a", "c", "e"]),
        _sweep("box-rest", "a deleted box whose messages were deleted", BOX[5:], ["a"], box_gone=True),
        _sweep("box-withheld", "a deleted box and a missing message", BOX[1:4], [], box_gone=True),
        _sweep("box-circle", "a deleted box with a circle", circle, [], box_gone=True),
        _sweep("circle", "a circle below a deleted message stays", circle, ["b"]),
    ]  # fmt: skip


def title_cases() -> list[Case]:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    rows = [
        ("short", "few words", "What is a box?"),
        ("long", "more than sixty", "Please explain in simple words how a passkey opens an account here, and why"),
        ("exact", "sixty characters", "x" * 29 + " " + "y" * 30),
        ("more", "sixty-one", "x" * 30 + " " + "y" * 30),
        ("lines", "several lines", "One\r\n\n  two\tthree\u2028four"),
        ("none", "nothing", ""),
        ("blank", "white space", " \n\u3000\u00a0"),
        ("markdown", "a heading, a list, a fence", "# Title\n- **one**\n```python\nprint()\n```"),
        ("word", "one long word", "z" * 61),
        ("word-second", "a long word behind a short one", "See " + "z" * 61),
        ("chinese", "no spaces", "\u6c49" * 70),
        ("combining", "not before a mark", "e" + "\u0301" + "x" * 58 + "e\u0301" + "yy"),
        ("family", "not inside a family", "x" * 57 + family + "y"),
        ("tone", "not before a tone of skin", "x" * 59 + "\U0001f44d\U0001f3fd\U0001f44d"),
        ("flags", "not inside a flag", "x" * 59 + "\U0001f1e6\U0001f1f9\U0001f1e9\U0001f1ea"),
        ("flags-even", "between two flags", "x" * 58 + "\U0001f1e6\U0001f1f9\U0001f1e9\U0001f1ea"),
        ("all-marks", "nothing but marks", "e" + "\u0301" * 80),
        ("only-marks", "marks without a letter", "\u0301" * 80),
        ("plane", "characters of two units", "\U0001d518" * 70),
        ("controls", "controls and directions", "a\u202eb\u0000c\u200bd \ufeffe \u2066f"),
        ("variation", "a variation selector", "x" * 59 + "\u2764\ufe0f\u2764"),
        ("far", "a word behind 4,096 spaces", " " * 4096 + "late"),
        ("rule", "a line of dashes", "-----\nText"),
    ]  # fmt: skip
    return [case(id_, what, "title_of", ..., text=text) for id_, what, text in rows]


def wallet_cases() -> list[Case]:
    tokens = [m.draw(f"token {one}") for one in range(12)]
    issuer, own, other = m.draw("issuer"), id_of("a"), id_of("b")

    def held(*claims: Any, day: int = m.DAY, of: Any = tokens) -> bytes:
        return encoded([issuer, day, list(of), [list(one) for one in claims]])

    zero, one, last = "00" * 8, "00" * 7 + "01", "ff" * 8
    malformed = "object.malformed"
    fresh, full = held(), held([0, other], [1, own], [2, other])

    def claim(id_: str, what: str, data: bytes, entropy: str) -> Case:
        return case(f"claim-{id_}", what, "claim_block", ..., data=data, name="a", entropy=entropy)

    def accept(id_: str, what: str, base: bytes | None, data: bytes, expect: Any = ...) -> Case:
        return case(f"accept-{id_}", what, "accept_wallet", expect, base=base, data=data)

    def spend(id_: str, what: str, data: bytes, count: int, day: int = m.DAY) -> Case:
        return case(f"spend-{id_}", what, "spend", ..., data=data, name="a", count=count, day=day)

    return [
        *_drawn(fresh),
        claim("first", "the first block", fresh, zero),
        claim("second", "the second", fresh, one),
        claim("random", "as entropy has it", fresh, last),
        claim("free", "the only free block", held([0, other], [2, other]), one),
        claim("full", "none is free", full, zero),
        accept("new", "a wallet that was not known", None, fresh),
        accept("claimed", "another device claims", held([1, own]), held([0, other], [1, own])),
        accept("stolen", "another device takes a claimed block", held([1, own]), held([1, other])),
        accept("forgotten", "a claim is missing", held([1, own]), fresh),
        accept("tokens", "another token", fresh, held(of=[*tokens[1:], m.draw("x")]), malformed),
        accept("shorter", "a token is missing", fresh, held(of=tokens[:-1]), malformed),
        accept("day", "another day", fresh, held(day=m.DAY + 1), malformed),
        accept("issuer", "another issuer", fresh, encoded([m.draw("x"), m.DAY, tokens, []]), malformed),
        accept("no-wallet", "a prompt", fresh, cases_contents.BLOBS["kind12"], malformed),
        spend("none", "no block of its own", fresh, 0),
        spend("five", "five tokens", held([1, own]), 0),
        spend("three", "three are left", held([1, own]), 2),
        spend("two", "two are left", held([1, own]), 3),
        spend("short", "the last block has two", held([2, own]), 0),
        spend("full", "none is left and none is free", full, 5),
        spend("day", "another day", held([1, own]), 3, m.DAY + 1),
        spend("over", "two days later", held([1, own]), 0, m.DAY + 2),
    ]


def _drawn(fresh: bytes) -> list[Case]:
    ends, entropy = (m.DAY + 1) * DAY_S, "0123456789abcdef"
    plans: list[tuple[str, str, int | None, int, int]] = [
        ("free", "a plan that one drawing fills", 20, 0, 0),
        ("rest", "what is left of it", 20, 12, 8),
        ("gone", "nothing is left of it", 20, 20, 0),
        ("smaller", "the plan became smaller", 20, 25, 0),
        ("most", "the most that is shared", BATCH, 0, 0),
        ("larger", "a plan of each device's own", BATCH + 1, 0, 0),
        ("one", "its last token", BATCH + 1, BATCH, 0),
        ("enough", "as many as are enough", 3000, 64, LOW),
        ("low", "one below", 3000, 64, LOW - 1),
        ("unlimited", "no limit", None, 10_000, 0),
        ("stock", "no limit and enough", None, 10_000, STOCK),
    ]
    times: list[tuple[str, str, int, str]] = [
        ("early", "a second before the last six hours", ends - AHEAD_S - 1, entropy),
        ("opens", "the first second", ends - AHEAD_S, entropy),
        ("between", "half an hour before midnight", ends - 1800, entropy),
        ("closes", "the last second", ends - 1, entropy),
        ("midnight", "the next day", ends, entropy),
        ("least", "the least entropy", ends - AHEAD_S, "00" * 8),
        ("greatest", "the greatest", ends - AHEAD_S, "ff" * 8),
    ]
    given: Any = {"data": fresh, "name": "a", "entropy": entropy}
    return [
        *(
            case(f"draw-{id_}", what, "draw_tokens", ..., daily=daily, drawn=drawn, stock=stock, **given)
            for id_, what, daily, drawn, stock in plans
        ),
        *(
            case(f"time-{id_}", what, "draw_times", ..., day=m.DAY, now=now, entropy=random)
            for id_, what, now, random in times
        ),
    ]
