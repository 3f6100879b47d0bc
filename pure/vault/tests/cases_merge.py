"""Cases of vectors/merge: clocks that run wrong, and edits of two devices at the same time."""

from typing import Any

import cases_contents
import vault_material as m
from cases_contents import TIME, at, encoded
from history_operations import id_of
from vault_form import Case, case

HOUR = 3_600_000
YEAR_2100 = 4_102_444_800_000
FIRST, SECOND = id_of("a"), id_of("b")
BLOBS = cases_contents.BLOBS


def prompt(title: Any, text: Any) -> bytes:
    return encoded([title, text, at("", 1, 0, FIRST)])


BASE = prompt(at("Summary", 1, 0, FIRST), at("Summarise: ", 1, 0, FIRST))


def merge_cases() -> list[Case]:
    return [*_clocks(), *_merges(), *_losses(), *_settled()]


def _clocks() -> list[Case]:
    end = 2**48 - 1
    rows: list[tuple[str, str, list[list[Any]]]] = [
        ("rises", "time goes on", [["tick", 10], ["tick", 11]]),
        ("same", "two events in one millisecond", [["tick", 10], ["tick", 10]]),
        ("back", "the wall clock is set back", [["tick", 10], ["tick", 3], ["tick", 11]]),
        ("zero", "before 1970", [["tick", -5], ["tick", 0]]),
        ("seen", "another device is ahead", [["tick", 10], ["observe", 20, 3, "b", 10], ["tick", 11], ["tick", 21]]),
        ("seen-behind", "another device is behind", [["tick", 10], ["observe", 9, 7, "b", 10], ["tick", 10]]),
        ("drift", "exactly an hour ahead", [["observe", 10 + HOUR, 0, "b", 10], ["tick", 11]]),
        ("drift-more", "a millisecond more", [["observe", 11 + HOUR, 0, "b", 10], ["tick", 11]]),
        ("far", "a clock of the year 2100", [["tick", TIME], ["observe", YEAR_2100, 9, "b", TIME], ["tick", TIME]]),
        ("counter", "a counter that is full", [["observe", 10, 2**32 - 1, "b", 10], ["tick", 10], ["tick", 10]]),
        ("end", "the end of time", [["observe", end, 2**32 - 1, "b", end], ["tick", end], ["tick", end + 9]]),
    ]
    return [case(f"clock-{id_}", what, "run_clock", ..., name="a", steps=steps) for id_, what, steps in rows]


def _merge(id_: str, what: str, mine: bytes, theirs: bytes, base: bytes = BASE, kind: int = 12) -> Case:
    return case(f"merge-{id_}", what, "merge_contents", ..., kind=kind, base=base, mine=mine, theirs=theirs, now=TIME)


def _merges() -> list[Case]:
    same = at("Summarise: ", 1, 0, FIRST)
    old = at("Summary", 1, 0, FIRST)

    def titled(text: str, *stamp: Any) -> bytes:
        return prompt(at(text, *stamp), same)

    share = [SECOND, m.draw("share key"), FIRST, 99]
    wallet = BLOBS["kind8"]
    return [
        _merge("nothing", "nothing was edited anywhere", BASE, BASE),
        _merge("theirs", "edited there", BASE, titled("New", 5, 0, SECOND)),
        _merge("mine", "edited here", titled("New", 5, 0, FIRST), BASE),
        _merge("both", "two fields, one each", titled("New", 5, 0, FIRST), prompt(old, at("Sum up: ", 4, 0, SECOND))),
        _merge("later", "one field, mine is later", titled("M", 6, 0, FIRST), titled("T", 5, 9, SECOND)),
        _merge("earlier", "one field, mine is earlier", titled("M", 5, 9, SECOND), titled("T", 6, 0, FIRST)),
        _merge("counter", "the counter decides", titled("M", 5, 1, FIRST), titled("T", 5, 2, FIRST)),
        _merge("device", "the device decides", titled("M", 5, 1, SECOND), titled("T", 5, 1, FIRST)),
        _merge("equal", "one stamp, two values: the higher", titled("M", 5, 1, FIRST), titled("T", 5, 1, FIRST)),
        _merge("equal-length", "a longer text is higher", titled("Aa", 5, 1, FIRST), titled("b", 5, 1, FIRST)),
        _merge("agreed", "both wrote the same", titled("N", 5, 0, FIRST), titled("N", 6, 0, SECOND)),
        _merge("far", "theirs is of 2100", titled("M", TIME, 0, FIRST), titled("T", YEAR_2100, 0, SECOND)),
        _merge("far-an-hour", "theirs is an hour ahead", titled("M", TIME, 0, FIRST), titled("T", TIME + HOUR)),
        _merge("far-more", "a millisecond more", titled("M", TIME, 0, FIRST), titled("T", TIME + HOUR + 1, 0, SECOND)),
        _merge("far-mine", "mine was of 2100", titled("M", YEAR_2100, 0, FIRST), titled("T", TIME, 0, SECOND)),
        _merge("far-seen", "an edit of a value of 2100 stands", titled("M", TIME, 0, FIRST),
               titled("T", YEAR_2100, 0, SECOND), titled("T", YEAR_2100, 0, SECOND)),
        case("merge-far-earlier", "a value that was ahead then and is not now", "merge_contents", ..., kind=12,
             base=titled("T", TIME + 2 * HOUR, 0, SECOND), mine=titled("M", TIME, 0, FIRST),
             theirs=titled("T", TIME + 2 * HOUR, 0, SECOND), now=TIME + 3 * HOUR),
        _merge("far-both", "both of 2100", titled("M", YEAR_2100, 1, FIRST), titled("T", YEAR_2100, 0, SECOND)),
        _merge("fixed", "what never changes is theirs", encoded([*share, at(True, 5, 0, FIRST)]),
               encoded([SECOND, *share[1:3], 98, at(False, 1, 0, FIRST)]), encoded([*share, at(False, 1, 0, FIRST)]),
               11),
        case("merge-wallet", "a wallet is not merged", "merge_contents", "object.malformed",
             kind=8, base=wallet, mine=wallet, theirs=wallet, now=TIME),
    ]  # fmt: skip


def _losses() -> list[Case]:
    mine = prompt(at("New", 5, 0, FIRST), at("Sum up: ", 5, 0, FIRST))
    blank = prompt(at(" \n", 5, 0, FIRST), at("", 5, 0, FIRST))
    wide = prompt(at("\u3000", 5, 0, FIRST), at("Summarise: ", 1, 0, FIRST))
    restamped = prompt(at("Summary", 5), at("Summarise: ", 1, 0, FIRST))
    chat = cases_contents.GOOD[1]
    edited = encoded([at("T", 9), *chat[1:4], at("other", 9), at("high", 9), at("", 9)])
    rows: list[tuple[str, str, int, bytes | None, bytes]] = [
        ("deleted", "an edit of what was deleted", 12, BASE, mine),
        ("deleted-same", "deleted, and nothing was edited here", 12, BASE, BASE),
        ("made", "made here and deleted", 12, None, mine),
        ("blank", "only white space was typed", 12, BASE, blank),
        ("wide", "an ideographic space", 12, BASE, wide),
        ("model", "what is picked is not typed", 1, BLOBS["kind1"], edited),
        ("restamped", "the same text with a later stamp", 12, BASE, restamped),
    ]
    return [
        case(f"lost-{id_}", what, "lost_texts", ..., kind=kind, base=base, mine=mine_)
        for id_, what, kind, base, mine_ in rows
    ]


def _settled() -> list[Case]:
    settings = cases_contents.GOOD[6]
    other = [at(2, TIME + 1), at("en", TIME - 1), *settings[2:7], at(True, YEAR_2100)]
    one, two = encoded(settings), encoded(other)
    return [
        case("settle-one", "one", "settle_contents", ..., kind=6, names=["b"], objects=[one], now=TIME),
        case("settle-two", "two", "settle_contents", ..., kind=6, names=["b", "a"], objects=[one, two], now=TIME),
        case("settle-swap", "the other way", "settle_contents", ..., kind=6, names=["a", "b"], objects=[one, two],
             now=TIME),
    ]  # fmt: skip
