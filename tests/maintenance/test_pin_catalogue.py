"""The maintainer's pinning script, against a source on this machine."""

import importlib.util
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType

import pytest
from privity_client.models import catalogue

ROOT = Path(__file__).resolve().parents[2]
COMMIT = "0123456789abcdef" * 2 + "01234567"
DIGEST = "ab" * 32
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{DIGEST}\nsize 639446688\n".encode()
PATH = f"/Qwen/Qwen3-0.6B-GGUF/raw/{COMMIT}/Qwen3-0.6B-Q8_0.gguf"


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pin_catalogue", ROOT / "tools/pin_catalogue.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def answers() -> dict[str, bytes]:
    return {PATH: POINTER}


@pytest.fixture
def source(answers: dict[str, bytes]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in answers else 404)
            self.end_headers()
            self.wfile.write(answers.get(self.path, b""))

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def file(script: ModuleType, tmp_path: Path) -> Path:
    copy = tmp_path / "catalogue.json"
    copy.write_bytes(script.CATALOGUE.read_bytes())
    return copy


def test_an_entry_is_pinned_by_its_pointer(script: ModuleType, source: str, file: Path) -> None:
    before = catalogue.load().version
    assert script.main(["qwen3-0.6b", COMMIT, source], file) == 0
    after = catalogue.decode(file.read_bytes().rstrip(b"\n"))
    pin = after.entry("qwen3-0.6b").pin
    assert pin == catalogue.Pin(COMMIT, 639446688, bytes.fromhex(DIGEST))
    assert after.version == before + 1


@pytest.mark.parametrize(
    ("model", "commit", "body"),
    [
        ("qwen3-0.6b", "main", POINTER),
        ("qwen3-0.6b", COMMIT.upper(), POINTER),
        ("unheard-of", COMMIT, POINTER),
        ("qwen3-0.6b", COMMIT, b"GGUF" + bytes(4096)),
        ("qwen3-0.6b", COMMIT, POINTER.replace(b"sha256", b"sha512")),
        ("qwen3-0.6b", COMMIT, POINTER + b"more\n"),
        ("qwen3-0.6b", COMMIT, POINTER.replace(b"639446688", b"0")),
        ("qwen3-1.7b", COMMIT, POINTER),
    ],
)
def test_anything_else_leaves_the_catalogue_as_it_was(
    script: ModuleType, source: str, answers: dict[str, bytes], file: Path, model: str, commit: str, body: bytes
) -> None:
    answers[PATH] = body
    before = file.read_bytes()
    assert script.main([model, commit, source], file) == 1
    assert file.read_bytes() == before
