"""Every packet on the loopback interface, while the block runs. Needs the right to open packet sockets (root)."""

import contextlib
import os
import select
import socket
import threading
from collections.abc import Iterator

ALL_PROTOCOLS = 0x0003
BUFFER = 2**25


def may_capture() -> bool:
    """Whether this process may open packet sockets."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS)).close()
    except (OSError, AttributeError):
        return False
    return True


class Capture:
    """Packets as bytes, headers included."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
        with contextlib.suppress(OSError, AttributeError):
            self._socket.setsockopt(socket.SOL_SOCKET, 33, BUFFER)  # SO_RCVBUFFORCE
        self._socket.bind(("lo", 0))
        self._stop, self._stopped = os.pipe()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select([self._socket, self._stop], [], [])
            if self._socket in ready:
                self.packets.append(self._socket.recv(65_600))
            elif ready:
                return

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Take what is left, and stop."""
        os.write(self._stopped, b"x")
        self._thread.join()
        for descriptor in (self._stop, self._stopped):
            os.close(descriptor)
        self._socket.close()

    def holding(self, words: list[bytes]) -> list[bytes]:
        """The words that some packet holds."""
        return [word for word in words if any(word in packet for packet in self.packets)]


@contextlib.contextmanager
def capturing() -> Iterator[Capture]:
    """Capture while the block runs."""
    capture = Capture()
    capture.start()
    try:
        yield capture
    finally:
        capture.end()
