"""Writes vectors/ledger. Run it by hand; a test compares. Every answer was worked out from the table of the spec."""

import json
from pathlib import Path
from typing import Any

TODAY, EVE, MORROW, LAST_WEEK = "2026-11-25", "2026-11-24", "2026-11-26", "2026-11-17"
LOST, SPENT, DAY = ["ledger.lost", None], ["ledger.spent", None], ["ledger.day", None]
Step = list[Any]
EVENING, NEXT_MORNING = 6 * 3600, 18 * 3600
"""Noon and six hours is when tomorrow begins here; noon and eighteen is when today is over."""


def call(now: int, op: str, holder: str = "n1", *, token: str = "t", day: str = TODAY, mark: str = "r") -> Step:
    return [now, op, token, day, mark, holder]


def reserved(left: int = 180, tries: int = 1) -> list[Any]:
    return ["reserved", left, tries]


CASES: dict[str, list[tuple[Step, list[Any]]]] = {
    "a request that is answered": [
        (call(0, "reserve"), reserved()),
        (call(60, "renew"), reserved()),
        (call(90, "commit"), ["spent", None, 1]),
        (call(91, "reserve", "n2"), SPENT),
        (call(92, "reserve", "n2", mark="s"), SPENT),
    ],
    "a request that comes to nothing and is sent again": [
        (call(0, "reserve"), reserved()),
        (call(5, "release"), ["released", None, 1]),
        (call(6, "reserve", "n2"), reserved(tries=2)),
        (call(7, "commit", "n2"), ["spent", None, 2]),
    ],
    "another request with a token under way": [
        (call(0, "reserve"), reserved()),
        (call(1, "reserve", "n2", mark="s"), SPENT),
        (call(180, "reserve", "n2", mark="s"), SPENT),
        (call(181, "release"), ["released", None, 1]),
        (call(182, "reserve", "n2", mark="s"), SPENT),
    ],
    "the same request while it is under way": [
        (call(0, "reserve"), reserved()),
        (call(60, "reserve", "n2"), ["ledger.held", 120]),
        (call(179, "reserve", "n2"), ["ledger.held", 1]),
        (call(180, "reserve", "n2"), reserved(tries=2)),
    ],
    "a lease that is renewed": [
        (call(0, "reserve"), reserved()),
        (call(170, "renew"), reserved()),
        (call(180, "reserve", "n2"), ["ledger.held", 170]),
        (call(350, "reserve", "n2"), reserved(tries=2)),
        (call(351, "renew"), LOST),
    ],
    "three tries": [
        (call(0, "reserve"), reserved()),
        (call(180, "reserve", "n2"), reserved(tries=2)),
        (call(360, "reserve", "n3"), reserved(tries=3)),
        (call(540, "reserve", "n4"), SPENT),
        (call(541, "release", "n3"), ["released", None, 3]),
        (call(542, "reserve", "n4"), SPENT),
    ],
    "repeated calls change nothing": [
        (call(0, "reserve"), reserved()),
        (call(10, "reserve"), reserved(170)),
        (call(20, "release"), ["released", None, 1]),
        (call(21, "release"), ["released", None, 1]),
        (call(22, "reserve"), SPENT),
        (call(23, "reserve", "n2"), reserved(tries=2)),
        (call(24, "release"), LOST),
        (call(25, "commit", "n2"), ["spent", None, 2]),
        (call(26, "commit", "n2"), ["spent", None, 2]),
        (call(27, "release", "n2"), LOST),
        (call(28, "renew", "n2"), LOST),
        (call(29, "reserve", "n2"), SPENT),
    ],
    "a holder that was overtaken": [
        (call(0, "reserve"), reserved()),
        (call(200, "reserve", "n2"), reserved(tries=2)),
        (call(201, "commit"), LOST),
        (call(202, "renew"), LOST),
        (call(203, "release"), LOST),
        (call(204, "commit", "n2"), ["spent", None, 2]),
    ],
    "a lease that is over and that nobody took": [
        (call(0, "reserve"), reserved()),
        (call(500, "reserve"), reserved(0)),
        (call(501, "commit"), ["spent", None, 1]),
    ],
    "an ended request does not come back": [
        (call(0, "reserve"), reserved()),
        (call(1, "release"), ["released", None, 1]),
        (call(2, "commit"), LOST),
        (call(3, "renew"), LOST),
    ],
    "calls about a token that nobody reserved": [
        (call(0, "commit"), LOST),
        (call(0, "renew"), LOST),
        (call(0, "release"), LOST),
    ],
    "the right holder with another mark": [
        (call(0, "reserve"), reserved()),
        (call(1, "commit", mark="s"), LOST),
        (call(1, "release", mark="s"), LOST),
        (call(1, "renew", mark="s"), LOST),
    ],
    "two tokens": [
        (call(0, "reserve"), reserved()),
        (call(0, "reserve", "n2", token="u", mark="s"), reserved()),
        (call(1, "commit"), ["spent", None, 1]),
        (call(2, "commit", "n2", token="u"), LOST),
        (call(2, "commit", "n2", token="u", mark="s"), ["spent", None, 1]),
    ],
    "days": [
        (call(0, "reserve", token="a", day=EVE), DAY),
        (call(0, "reserve", token="b", day=MORROW), DAY),
        (call(0, "reserve", token="c", day=LAST_WEEK), DAY),
        (call(EVENING - 1, "reserve", token="b", day=MORROW), DAY),
        (call(EVENING, "reserve", token="b", day=MORROW), reserved()),
        (call(NEXT_MORNING - 1, "reserve", token="d"), reserved()),
        (call(NEXT_MORNING, "reserve", token="e"), DAY),
    ],
    "a request that begins on its day and ends after it": [
        (call(NEXT_MORNING - 1, "reserve"), reserved()),
        (call(NEXT_MORNING + 60, "renew"), reserved()),
        (call(NEXT_MORNING + 240, "reserve", "n2"), reserved(tries=2)),
        (call(NEXT_MORNING + 241, "commit", "n2"), ["spent", None, 2]),
    ],
}


def made() -> str:
    """The text of vectors/ledger/table.json."""
    cases = [
        {
            "id": f"ledger-{number}",
            "what": what,
            "op": "ledger",
            "input": {"steps": [step for step, _ in rows]},
            "expect": {"ok": {"answers": [answer for _, answer in rows]}},
        }
        for number, (what, rows) in enumerate(CASES.items())
    ]
    lines = ",\n ".join(json.dumps(case) for case in cases)
    return f'{{"spec": "ledger", "what": "What calls make of tokens.", "cases": [\n {lines}\n]}}\n'


if __name__ == "__main__":
    target = Path(__file__).resolve().parents[3] / "vectors/ledger/table.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(made())
