"""A local server that replays answers in the vendors' wire shapes, faults included. Nothing leaves the machine."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """One answer. `fault` is none, truncated (less than promised), drip (one byte, then nothing) or cut (no answer)."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: str = "none"


class Vendors:
    """Answers by path with query; a list answers once each, its last for ever. POST bodies select by `bodies`."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply | list[Reply]] = {}
        self.bodies: dict[bytes, Reply] = {}
        self.asked: list[str] = []
        self.released = threading.Event()
        self.address = ""

    def reply(self, path: str, body: bytes) -> Reply:
        """The next answer."""
        self.asked.append(path)
        if body:
            return self.bodies.get(body, Reply(status=404))
        found = self.replies.get(path, Reply(b"nothing here", 404))
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["content-length"])))

    def _answer(self, body: bytes) -> None:
        vendors = self.server.vendors
        reply = vendors.reply(self.path, body)
        self.close_connection = True
        if reply.fault == "cut":
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        extra = 7 if reply.fault in ("truncated", "drip") else 0
        self.send_header("content-length", str(len(reply.body) + extra))
        self.send_header("connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(reply.body)
            self.wfile.flush()
            if reply.fault == "drip":
                vendors.released.wait()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, vendors: Vendors) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.vendors = vendors


@contextlib.contextmanager
def serving() -> Iterator[Vendors]:
    """Vendors behind a loopback address for as long as the block runs."""
    vendors = Vendors()
    server = _Server(vendors)
    vendors.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield vendors
    finally:
        vendors.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
