"""The keyboard while an answer is drawn: nothing typed is echoed into it, and what was typed ahead is kept."""

import contextlib
import sys
import termios
from collections.abc import Iterator


@contextlib.contextmanager
def typed_ahead() -> Iterator[None]:
    """Switch echo off; Ctrl-C still interrupts, but does not throw away the waiting line."""
    try:
        before = termios.tcgetattr(sys.stdin)
    except (termios.error, OSError, ValueError):
        yield
        return
    changed = [*before]
    changed[3] = (changed[3] & ~termios.ECHO) | termios.NOFLSH
    termios.tcsetattr(sys.stdin, termios.TCSANOW, changed)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)
