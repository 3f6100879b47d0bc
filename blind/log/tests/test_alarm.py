"""Telling people of surprises over real sockets, and reading a log over HTTP."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import StreamRequestHandler, TCPServer

import httpx
import pytest
from dishonest import TWO_OF_THREE, Ear, Operator, fork, watched
from privity_log.alarm import Mail, Webhook, all_of
from privity_log.audit import audit
from privity_log.errors import LogError
from privity_log.monitor import visit
from privity_log.source import HttpSource
from privity_log.store import locked
from stand import NOW, ORIGIN


@pytest.fixture
def store(tmp_path):
    with locked(tmp_path / "state") as made:
        yield made


def served(target) -> threading.Thread:
    thread = threading.Thread(target=target)
    thread.start()
    return thread


@pytest.fixture
def surprises(store):
    one, ear = Operator(300), Ear()
    visit(watched(one), store, ear, now=NOW)
    fork(one)
    return visit(watched(one), store, ear, now=NOW).surprises


def test_a_webhook_gets_the_reason_and_both_notes(surprises) -> None:
    bodies: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200 if len(bodies) == 1 else 500)
            self.end_headers()

        def log_message(self, *_arguments) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server, httpx.Client(trust_env=False) as client:
        thread = served(lambda: [server.handle_request() for _ in range(2)])
        hook = Webhook(f"http://127.0.0.1:{server.server_port}/", client)
        hook(surprises)
        with pytest.raises(LogError, match="not_told: webhook: status 500"):
            hook(surprises)
        thread.join()
    told = bodies[0]["surprises"][0]
    assert (told["origin"], told["reason"], len(told["notes"])) == (ORIGIN, "split_view", 2)
    assert "split_view" in bodies[0]["text"]


def test_a_mail_holds_the_evidence(surprises) -> None:
    received: list[bytes] = []

    class Handler(StreamRequestHandler):
        """As much of SMTP as one mail needs."""

        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line.split()[0].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    while (part := self.rfile.readline()) != b".\r\n":
                        received.append(part)
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return

    with TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = served(server.handle_request)
        Mail(f"127.0.0.1:{server.server_address[1]}", "log@a.example", ("you@b.example",), tls=False)(surprises)
        thread.join()
    text = b"".join(received).decode()
    assert "Subject: Transparency log: 1 surprise" in text
    assert "To: you@b.example" in text


def test_a_dead_mail_server_and_a_dead_webhook_are_failures_and_the_others_are_still_asked(surprises) -> None:
    ear = Ear()
    with httpx.Client(trust_env=False) as client:
        dead = [Mail("127.0.0.1:1", "a", ("b",)), Webhook("http://127.0.0.1:1/", client), ear]
        with pytest.raises(LogError, match="not_told: mail"):
            all_of(dead)(surprises)
    assert len(ear.heard) == 1


def test_a_log_is_followed_over_http_and_oversized_answers_are_refused() -> None:
    one = Operator(300)

    def answer(request: httpx.Request) -> httpx.Response:
        data = one.disk.files.get("public" + request.url.path.removeprefix("/log"))
        if request.url.path.endswith("/broken"):
            return httpx.Response(500)
        return httpx.Response(404) if data is None else httpx.Response(200, content=data)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        source = HttpSource("http://x/log/", client)
        assert audit(source, TWO_OF_THREE, ORIGIN).head.size == 300
        for path, most in (("checkpoint", 10), ("broken", 10)):
            with pytest.raises(LogError, match="source_unreachable"):
                source.read(path, most)
        assert source.read("tile/0/999", 10) is None
