"""From `privity serve` with an empty home to the line that says it is ready, and again with the home that it left."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from end_to_end import demonstration
from figure import Figure, at_most, plain
from random_model import SHAPES, build

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/system"))

from ports import free_row

READY = "Privity is ready at "
SECONDS = 120


def command(home: Path, port: int, *words: str) -> tuple[list[str], dict[str, str]]:
    """The command line of `privity` in this environment, and its environment variables."""
    environment = os.environ | {"PRIVITY_HOME": str(home), "PRIVITY_PORT": str(port), "PYTHONUNBUFFERED": "1"}
    return [str(Path(sys.executable).with_name("privity")), *words], environment


def start(home: Path, port: int, *options: str) -> float:
    """Seconds from the command to its ready line."""
    argv, environment = command(home, port, "serve", *options)
    began = time.perf_counter()
    pipe = subprocess.PIPE
    process = subprocess.Popen(argv, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=environment)
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if READY in line:
                return time.perf_counter() - began
        raise AssertionError("".join(said)[-2000:])
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(SECONDS)


def cpu_of_children() -> float:
    """Seconds of CPU of all processes that were started from here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(*, quick: bool) -> list[Figure]:
    """The figures of this benchmark; without the bundled model, one of random weights takes its place."""
    del quick
    options, label = [], "bundled model"
    with tempfile.TemporaryDirectory() as name:
        home, port = Path(name) / "home", free_row(6)
        if demonstration() is None or find_spec("privity_demonstration") is None:
            model = Path(name) / "random.gguf"
            build(model, SHAPES["bench"])
            argv, environment = command(home, port, "models", "add", str(model))
            subprocess.run(argv, env=environment, check=True, capture_output=True)
            options, label = ["--model", "random"], "28 M random weights"
        first, second = (start(home, port, *options) for _ in range(2))
        spent = cpu_of_children()
        start(home, port, *options)
        spent = cpu_of_children() - spent
    return [
        at_most(f"start of privity serve, empty home, {label}", first, 10, "s", 1),
        plain(f"start of privity serve, kept home, {label}", second, "s", 1),
        plain("CPU of a start and its end, all processes", spent, "s", 1),
    ]


if __name__ == "__main__":
    from figure import table

    print(table(run(quick=True)))
