"""A command in a terminal of its own, spoken to as a person does: wait for words, type a line, read what is shown."""

import contextlib
import os
import pty
import re
import select
import subprocess
import sys
import weakref
from pathlib import Path

PATIENCE_S = 120
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\r")


class Typed:
    """One command with a terminal. `shown` is everything that it printed, without colours."""

    def __init__(self, home: Path, *arguments: str, columns: int = 110) -> None:
        master, slave = pty.openpty()
        environment = os.environ | {"PRIVITY_HOME": str(home), "COLUMNS": str(columns), "TERM": "xterm-256color"}
        command = [str(Path(sys.executable).parent / "privity"), *arguments]
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)
        self._master = master
        # A test that fails leaves its command behind.
        self._left = weakref.finalize(self, _end, self._process, master)
        self._raw = b""
        self._read_to = 0

    @property
    def shown(self) -> str:
        return _CONTROL.sub("", self._raw.decode("utf-8", "replace"))

    def until(self, words: str) -> str:
        """Wait until this is shown behind what was waited for before; returns what came with it."""
        while True:
            at = self.shown.find(words, self._read_to)
            if at >= 0:
                found = self.shown[self._read_to : at + len(words)]
                self._read_to = at + len(words)
                return found
            if not self._more():
                raise AssertionError(f"ended without {words!r}:\n{self.shown}")

    def type(self, line: str) -> None:
        os.write(self._master, line.encode() + b"\n")

    def end(self) -> int:
        """Wait for the end; returns the exit code."""
        while self._more():
            pass
        code = self._process.wait(timeout=PATIENCE_S)
        self._left()
        return code

    def _more(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], PATIENCE_S)
        if not ready:
            self._process.kill()
            raise AssertionError(f"nothing for {PATIENCE_S} s:\n{self.shown}")
        data = b""
        with contextlib.suppress(OSError):  # the terminal's other end is closed
            data = os.read(self._master, 65536)
        self._raw += data
        return bool(data)


def _end(process: "subprocess.Popen[bytes]", master: int) -> None:
    process.kill()
    process.wait()
    os.close(master)


def run(home: Path, *arguments: str) -> tuple[int, str, str]:
    """A command without a terminal: exit code, output, errors."""
    environment = os.environ | {"PRIVITY_HOME": str(home), "COLUMNS": "110"}
    command = [str(Path(sys.executable).parent / "privity"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return done.returncode, done.stdout, done.stderr
