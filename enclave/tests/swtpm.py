"""A real TPM 2.0 in software, as another program: what the byte-level fake is compared with. Needs `swtpm`."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

RETRY = bytes.fromhex("00000922")
RETRIES = 20


class SocketChannel:
    """A TPM behind a Unix socket: one command, one response."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def transact(self, command: bytes) -> bytes:
        # As the kernel's driver: a TPM may ask for the same command again while it tests itself.
        for _ in range(RETRIES):
            response = self._once(command)
            if response[6:10] != RETRY:
                break
        return response

    def _once(self, command: bytes) -> bytes:
        self._connection.sendall(command)
        response = b""
        while len(response) < 6 or len(response) < int.from_bytes(response[2:6]):
            part = self._connection.recv(4096)
            if not part:
                raise OSError(32, "swtpm is gone")
            response += part
        return response


@contextmanager
def running(program: str, state: Path) -> Iterator[SocketChannel]:
    """Start swtpm with its state in a folder; it has been started up and its registers are zero."""
    path = state / "socket"
    command = [program, "socket", "--tpm2", "--tpmstate", f"dir={state}", "--server", f"type=unixio,path={path}"]
    with subprocess.Popen([*command, "--flags", "not-need-init,startup-clear"], stderr=subprocess.DEVNULL) as process:
        try:
            with closing(connected(process, path)) as connection:
                yield SocketChannel(connection)
        finally:
            process.terminate()


def connected(process: "subprocess.Popen[bytes]", path: Path) -> socket.socket:
    """Connect as soon as the program listens."""
    while process.poll() is None:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(10)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            continue
        return connection
    raise OSError("swtpm ended at once")
