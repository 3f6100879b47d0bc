# ruff: noqa: E501
"""Cases of pacing: the ladders, and what leaves at which tick."""

from typing import Any

from vector_material import Case, case

LADDERS = {
    "p0": {1: 2, 5: 6, 1000: 1001},
    "p1": {
        1: 20,
        19: 20,
        20: 30,
        29: 30,
        30: 45,
        45: 68,
        68: 102,
        102: 153,
        153: 230,
        230: 345,
        345: 518,
        518: 777,
        777: 1166,
    },
    "p2": {1: 100, 99: 100, 100: 300, 300: 900, 900: 2700, 2700: 8100},
}


def pacing_cases() -> list[Case]:
    cases = [
        case(
            f"{profile}-{count}",
            f"{profile} after {count} records",
            "total_after",
            {"profile": profile, "count": count},
            {"ok": {"total": total}},
        )
        for profile, table in LADDERS.items()
        for count, total in table.items()
    ]
    cases += [
        case(
            f"{profile}-last",
            "no rung is left under one key",
            "total_after",
            {"profile": profile, "count": 2**20},
            {"error": "record_limit"},
        )
        for profile in ("p1", "p2")
    ]
    return cases


TRACES = """
p1-empty | an empty answer takes twenty records | p1 | finish tick:25 | END:0 PAD*18 CLOSE
p1-word | a word is carried by END | p1 | tick:2 queue:word finish tick:30 | PAD*2 END:4 PAD*16 CLOSE
p1-partial | a record leaves with what is there | p1 | queue:word tick:1 finish tick:30 | DATA:4 END:0 PAD*17 CLOSE
p1-burst | a burst leaves one record a tick | p1 | queue:big finish tick:30 | DATA:493*2 END:7 PAD*16 CLOSE
p1-rung | END on record 20 takes the next rung | p1 | tick:19 finish tick:40 | PAD*19 END:0 PAD*9 CLOSE
p1-rung-before | END on record 19 leaves room for CLOSE | p1 | tick:18 finish tick:40 | PAD*18 END:0 CLOSE
p1-next-idle | NEXT leaves in the first idle record | p1 | next tick:1 finish tick:30 | NEXT:20 END:0 PAD*17 CLOSE
p1-next-busy | NEXT waits for the queue, not for END | p1 | next queue:big finish tick:30 | DATA:493*2 NEXT:20 END:7 PAD*15 CLOSE
p1-fail | an error comes after the queue and pads like an end | p1 | queue:word fail:5:later tick:30 | DATA:4 ERROR:7 PAD*17 CLOSE
p1-next-fail | NEXT before ERROR | p1 | next queue:word fail:6: tick:30 | DATA:4 NEXT:20 ERROR:2 PAD*16 CLOSE
p2-empty | the strict profile takes a hundred | p2 | finish:word tick:200 | END:4 PAD*98 CLOSE
p0-stream | without a clock records leave when there is something to say | p0 | drain queue:word drain next drain finish drain drain | DATA:4 NEXT:20 END:0 CLOSE
p0-fail | an error without a clock | p0 | fail:6:sorry drain | ERROR:7 CLOSE
drain-paced | a paced profile has no shortcut | p1 | queue:word drain | !order
queue-after-finish | bytes after the end | p1 | finish queue:word | !order
finish-twice | two ends | p1 | finish finish | !order
fail-after-finish | an error after the end | p1 | finish fail:6: | !order
next-twice | two handles | p1 | next next | !order
next-twice-sent | two handles, one of them sent | p1 | next tick:1 next tick:1 | !order
next-after-finish | a handle after the end | p1 | finish next | !order
fail-text | an error text that is too long | p1 | fail:6:long | !record_capacity
"""
"""Name, meaning, profile, steps, and what leaves (`*count` for repetition) or `!reason`."""

BYTES = {"word": b"word".hex(), "big": bytes(2 * 493 + 7).hex()}


def step(written: str) -> list[Any]:
    name, *arguments = written.split(":")
    if name in ("queue", "finish"):
        return [name, BYTES[arguments[0]] if arguments else ""]
    if name == "fail":
        return [name, int(arguments[0]), "x" * 201 if arguments[1] == "long" else arguments[1]]
    return [name, *map(int, arguments)]


def left(written: str) -> list[list[Any]]:
    what, _, count = written.partition("*")
    kind, _, size = what.partition(":")
    return [[kind, int(size or 0)]] * int(count or 1)


def trace_cases() -> list[Case]:
    cases = []
    for line in TRACES.strip().splitlines():
        name, what, profile, steps, trace = (cell.strip() for cell in line.split("|"))
        given = {"profile": profile, "steps": [step(one) for one in steps.split()]}
        records = [one for written in trace.split() if trace[0] != "!" for one in left(written)]
        expect = {"error": trace[1:]} if trace[0] == "!" else {"ok": {"trace": records}}
        cases.append(case(name, what, "emission", given, expect))
    return cases


def files() -> dict[str, tuple[str, list[Case]]]:
    """Path below vectors/ → sentence and cases."""
    return {
        "pacing/ladders": ("Records of a response by profile.", pacing_cases()),
        "pacing/traces": ("What leaves at which tick.", trace_cases()),
    }
