"""From `privity serve` with an empty home to the line that says it is ready, and again with the home that it left."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from end_to_end import demonstration
from figure import Figure, at_most, plain

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/system"))

from installation import free_ports

READY = "Privity is ready at "
SECONDS = 120


def start(home: Path, port: int) -> float:
    """Seconds from the command to its ready line."""
    command = [str(Path(sys.executable).with_name("privity")), "serve"]
    environment = os.environ | {"PRIVITY_HOME": str(home), "PRIVITY_PORT": str(port), "PYTHONUNBUFFERED": "1"}
    began = time.perf_counter()
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=environment)
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


def three_free_ports() -> int:
    """A port that is free with the two after it."""
    while True:
        (port,) = free_ports(1)
        if port < 65000 and {port + 1, port + 2} <= set(_free(port)):
            return port


def _free(port: int) -> list[int]:
    import socket

    free = []
    for each in (port + 1, port + 2):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", each)) != 0:
                free.append(each)
    return free


def run(*, quick: bool) -> list[Figure]:
    """The figures of this benchmark."""
    del quick
    if demonstration() is None:
        return [Figure("cold start of privity serve", "no bundled model in this tree")]
    with tempfile.TemporaryDirectory() as name:
        home, port = Path(name) / "home", three_free_ports()
        first, second = start(home, port), start(home, port)
    return [
        at_most("cold start of privity serve, empty home", first, 10, "s", 1),
        plain("start of privity serve, kept home", second, "s", 1),
    ]


if __name__ == "__main__":
    from figure import table

    print(table(run(quick=True)))
