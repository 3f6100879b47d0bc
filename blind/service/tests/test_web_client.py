"""The web client as the service sends it: whole files by exact names, under the headers that hold the page together."""

import asyncio
import gzip
import os
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_service import web_client
from privity_service.asgi import App, Message, Receive, Scope, Send
from privity_service.configuration import Configuration, ConfigurationRefused, Log, RelayOffer, WebPlace
from privity_service.web_client import Unusable, WebClient
from privity_service.web_routes import around, open_web, web_application
from service_stand import configuration

IMPORT_MAP = b'{"integrity":{"/assets/main-0123456789abcdef.js":"sha256-x"}}'
PAGE = b'<!doctype html><script type="importmap">' + IMPORT_MAP + b"</script>"
SCRIPT = b"export const long = 1;\n" * 200
FILES = {
    "index.html": PAGE,
    "sw.js": b"// the service worker",
    "manifest.webmanifest": b"{}",
    "assets/main-0123456789abcdef.js": SCRIPT,
    "assets/style-0123456789abcdef.css": b"a{}",
    "assets/font-0123456789abcdef.woff2": b"f" * 5000,
}
RUN, LOG = "https://run.example", "https://log.example"


def folder(place: Path, files: Mapping[str, bytes] = FILES) -> Path:
    for name, data in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    return place


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(application: App, path: str, method: str = "GET", **headers: str) -> Answer:
    """One request, past every HTTP parser: also with paths that none would let through."""
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: Scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": sent}
    scope |= {"scheme": "http", "server": ("localhost", 1), "root_path": ""}
    asyncio.run(application(scope, receive, send))
    start, *parts = said
    own = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], own, b"".join(part["body"] for part in parts))


@pytest.fixture
def client(tmp_path: Path) -> App:
    return web_application(WebClient.read(folder(tmp_path)), [RUN, LOG])


@pytest.mark.parametrize("path", ["/", "/devices", "/link", "/s/AAAAAAAAAAAAAAAAAAAAAA"])
def test_addresses_of_the_client_open_the_page_and_nothing_keeps_it(client: App, path: str) -> None:
    answer = ask(client, path)
    assert (answer.status, answer.body) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store, no-transform"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("assets/main-0123456789abcdef.js", "text/javascript; charset=utf-8"),
        ("assets/style-0123456789abcdef.css", "text/css; charset=utf-8"),
        ("assets/font-0123456789abcdef.woff2", "font/woff2"),
    ],
)
def test_what_has_a_hash_in_its_name_is_kept_for_ever(client: App, name: str, kind: str) -> None:
    answer = ask(client, f"/{name}")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, FILES[name], kind)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable, no-transform"
    held = ask(client, f"/{name}", if_none_match=f'"x", W/{answer.headers["etag"]}')
    assert (held.status, held.body) == (304, b"")


@pytest.mark.parametrize("name", ["sw.js", "manifest.webmanifest"])
def test_what_has_no_hash_in_its_name_is_not_kept(client: App, name: str) -> None:
    assert ask(client, f"/{name}").headers["cache-control"] == "no-store, no-transform"


def test_what_shrinks_is_compressed_for_those_who_take_it(client: App) -> None:
    path = "/assets/main-0123456789abcdef.js"
    for accepted in ("gzip", "br, GZIP;q=0.5", "deflate,gzip"):
        answer = ask(client, path, accept_encoding=accepted)
        assert answer.headers["content-encoding"] == "gzip"
        assert (gzip.decompress(answer.body), len(answer.body) < len(SCRIPT)) == (SCRIPT, True)
        assert answer.headers["vary"] == "accept-encoding"
    for accepted in ("", "br", "gzip;q=0", "gzip; q=0.0", "xgzip", "*"):
        assert ask(client, path, accept_encoding=accepted).body == SCRIPT
    assert "content-encoding" not in ask(client, "/", accept_encoding="gzip").headers
    font = ask(client, "/assets/font-0123456789abcdef.woff2", accept_encoding="gzip")
    assert font.body == FILES["assets/font-0123456789abcdef.woff2"]


def test_a_range_gets_the_whole_file(client: App) -> None:
    answer = ask(client, "/assets/main-0123456789abcdef.js", range="bytes=0-1,5-6,2-1000000")
    assert (answer.status, answer.body) == (200, SCRIPT)


NOTHING = (
    "/index.html", "//", "/assets", "/assets/", "/../index.html", "/assets/../index.html", "/assets/..%2findex.html",
    "/etc/passwd", "/s/", "/s/short", "/s/AAAAAAAAAAAAAAAAAAAAAA/more", "/S/AAAAAAAAAAAAAAAAAAAAAA", "/devices/",
    "/sw.js/", "/assets/main-0123456789abcdef.js\0",
    "/ASSETS/main-0123456789abcdef.js", "assets/main-0123456789abcdef.js/..",
)  # fmt: skip


@pytest.mark.parametrize("path", NOTHING)
def test_nothing_else_is_there(client: App, path: str) -> None:
    answer = ask(client, path)
    assert (answer.status, answer.body) == (404, b"")


@given(st.text(max_size=60))
def test_no_path_reaches_beyond_the_files(path: str) -> None:
    files = {name: web_client._file(name, data) for name, data in FILES.items()}
    found = WebClient(files, "").at(path)
    assert found is None or found in files.values()


def test_only_reading_is_answered(client: App) -> None:
    assert ask(client, "/", "HEAD").status == 200
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
        answer = ask(client, "/", method)
        assert (answer.status, answer.headers["allow"], answer.body) == (405, "GET, HEAD", b"")


def test_every_answer_bears_the_same_headers(client: App) -> None:
    own = b64encode(sha256(IMPORT_MAP).digest()).decode()
    wanted = {
        "content-security-policy": (
            f"default-src 'none'; script-src 'self' 'sha256-{own}'; style-src 'self'; img-src blob: data:; "
            f"font-src 'self'; connect-src 'self' {RUN} {LOG}; worker-src blob: 'self'; frame-src blob:; "
            "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            "require-trusted-types-for 'script'; trusted-types privity-code"
        ),
        "integrity-policy": "blocked-destinations=(script)",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "permissions-policy": (
            "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(self), microphone=(), "
            "geolocation=()"
        ),
    }
    for answer in (ask(client, "/"), ask(client, "/sw.js"), ask(client, "/absent"), ask(client, "/", "POST")):
        assert {name: answer.headers.get(name) for name in wanted} == wanted


def test_documents_of_the_service_stay_where_they_are(client: App) -> None:
    async def documents(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    both = around(documents, client)
    for path in ("/v1/bulletin", "/v1/absent", "/ec1/hello", "/.well-known/privity", "/healthz"):
        assert ask(both, path).status == 299
    for path in ("/", "/v1", "/healthz/more", "/sw.js"):
        assert ask(both, path).status in (200, 404)


def changed(tmp_path: Path, **files: bytes) -> Path:
    return folder(tmp_path, FILES | {name.replace("__", "/").replace("_", "."): data for name, data in files.items()})


def test_a_folder_that_is_no_web_client_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"index\.html"):
        WebClient.read(tmp_path)
    with pytest.raises(Unusable, match="import map"):
        WebClient.read(changed(tmp_path / "a", index_html=b"<!doctype html>"))
    with pytest.raises(Unusable, match="import map"):
        WebClient.read(changed(tmp_path / "b", index_html=PAGE + PAGE))
    with pytest.raises(Unusable, match="no type"):
        WebClient.read(changed(tmp_path / "c", program_exe=b""))
    with pytest.raises(Unusable, match="no name"):
        WebClient.read(folder(tmp_path / "d", FILES | {".hidden.js": b""}))


def test_a_link_and_a_pipe_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.js").write_bytes(b"secret")
    (folder(tmp_path / "a") / "link.js").symlink_to(tmp_path / "secret.js")
    with pytest.raises(Unusable):
        WebClient.read(tmp_path / "a")
    os.mkfifo(folder(tmp_path / "b") / "pipe.js")
    with pytest.raises(Unusable, match="no regular file"):
        WebClient.read(tmp_path / "b")
    (folder(tmp_path / "c") / "more").symlink_to(tmp_path)
    with pytest.raises(Unusable):
        WebClient.read(tmp_path / "c")


def test_a_folder_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_client, "MAX_FILE", 4000)
    with pytest.raises(Unusable, match="larger"):
        WebClient.read(folder(tmp_path))
    monkeypatch.undo()
    monkeypatch.setattr(web_client, "MAX_TOGETHER", 6000)
    with pytest.raises(Unusable, match="more than"):
        WebClient.read(tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(web_client, "MAX_FILES", 5)
    with pytest.raises(Unusable, match="more than 5 files"):
        WebClient.read(tmp_path)


def test_the_configuration_names_the_folder_and_with_it_what_the_page_may_reach(tmp_path: Path) -> None:
    base = configuration(tmp_path, ["tcp:127.0.0.1:1"])
    members = {name: getattr(base, name) for name in base.__struct_fields__}
    logs = [Log("log.example/release", f"{LOG}/release"), Log("log.example/keys", f"{LOG}/keys")]
    chosen = Configuration(**{**members, "logs": logs, "web": WebPlace(str(folder(tmp_path / "web")))})
    assert chosen.web is not None
    policy = ask(open_web(chosen, chosen.web), "/").headers["content-security-policy"]
    assert f"connect-src 'self' {chosen.public_run_origin} {LOG};" in policy
    offers = [
        RelayOffer("forward", "One", "https://relay.example"),
        RelayOffer("ohttp", "Other", "https://other.example/to", "ab" * 32),
    ]
    offering = Configuration(**{**members, "logs": logs, "relays": offers, "web": chosen.web})
    policy = ask(open_web(offering, chosen.web), "/").headers["content-security-policy"]
    assert f"connect-src 'self' {chosen.public_run_origin} {LOG} https://relay.example;" in policy
    with pytest.raises(ConfigurationRefused, match=r"index\.html"):
        open_web(chosen, WebPlace(str(tmp_path / "absent")))
