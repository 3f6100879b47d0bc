"""A server's page against the log: every file, every header, and a log that is read whole or not believed."""

import asyncio
import gzip
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from privity_client.errors import ClientError
from privity_client.trust.tiles import Tiles
from privity_client.web import bundle, visit
from privity_client.web.bundle import Bundle
from privity_client.web.headers import headers_for
from privity_client.web.visit import Checked, Logged
from privity_tlog import merkle, tiles
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.leaves import revocations, web
from privity_tlog.leaves.revocations import Revocations
from privity_tlog.leaves.web import Web

PAGE = b'<!doctype html><script type="importmap">{"integrity":{}}</script><title>Privity</title>'
FILES = {web.INDEX: PAGE, "assets/main-1.js": b"export {}", "sw.js": b"// nothing"}
RUN = "https://run.example"
ORIGIN = "local/release"


def leaf(files: Mapping[str, bytes] = FILES, version: str = "1") -> bytes:
    return web.encode(Web(version, "local", {path: sha256(data).digest() for path, data in files.items()}))


class Server:
    """Sends files to whoever asks; `headers` replaces some (None leaves one out)."""

    def __init__(self, files: Mapping[str, bytes] = FILES, headers: Mapping[str, str | None] | None = None) -> None:
        self._files = {**files, "": files[web.INDEX]}
        sent = {**headers_for(PAGE, [RUN]), **(headers or {})}
        self._headers = {name: value for name, value in sent.items() if value is not None}
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        data = self._files.get(request.url.path[1:])
        if data is None:
            return httpx.Response(404, stream=httpx.ByteStream(b""))
        packed = {"content-encoding": "gzip"}
        return httpx.Response(200, headers={**self._headers, **packed}, stream=httpx.ByteStream(gzip.compress(data)))


def look(server: Server, *leaves: bytes) -> Checked:
    async def whole() -> Checked:
        async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as client:
            seen = await visit.page(client, "https://chat.example/")
            return await visit.check(client, seen, visit.builds(leaves), [RUN])

    return asyncio.run(whole())


def test_a_logged_page_is_whole() -> None:
    server = Server()
    found = look(server, leaf(version="0"), leaf())
    assert (found.whole, found.logged, set(found.files.values())) == (True, found.newest, {"same"})
    assert server.asked[0].url == "https://chat.example/"
    assert "privity" not in "".join(str(one.headers).lower() for one in server.asked), (
        "nothing tells that this is a check"
    )


def test_a_page_that_no_leaf_has_is_not_logged_and_nothing_more_is_asked() -> None:
    server = Server({**FILES, web.INDEX: PAGE + b"<!-- more -->"})
    found = look(server, leaf())
    assert (found.whole, found.logged, found.files) == (False, None, {})
    assert found.newest == Logged(0, web.decode(leaf()))
    assert len(server.asked) == 1


@pytest.mark.parametrize("name", ["assets/main-1.js", "sw.js"])
def test_one_changed_byte_in_any_file_is_found(name: str) -> None:
    found = look(Server({**FILES, name: FILES[name] + b" "}), leaf())
    assert (found.whole, found.files[name]) == (False, "differs")


def test_a_missing_file_is_found() -> None:
    found = look(Server({name: data for name, data in FILES.items() if name != "sw.js"}), leaf())
    assert (found.whole, found.files["sw.js"]) == (False, "missing")


@pytest.mark.parametrize("came", [None, "default-src *"])
@pytest.mark.parametrize("name", ["content-security-policy", "integrity-policy", "cross-origin-opener-policy"])
def test_a_weaker_header_is_found(name: str, came: str | None) -> None:
    found = look(Server(headers={name: came}), leaf())
    assert (found.whole, found.headers) == (False, {name: came})


def test_an_older_build_is_logged_and_told_from_the_newest() -> None:
    empty = revocations.encode(Revocations(1, (), (), ()))
    found = look(Server(), empty, leaf(), b"{not a leaf", leaf({**FILES, web.INDEX: PAGE + b" "}, "2"))
    assert found.logged is not None
    assert found.newest is not None
    assert (found.whole, found.logged.index, found.newest.index) == (True, 1, 3)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "MAX_FILE", 1000)
    with pytest.raises(ClientError, match="too_much"):
        look(Server({**FILES, web.INDEX: PAGE + bytes(100_000)}), leaf())


def read_whole(published: Mapping[str, bytes], head: Checkpoint) -> list[bytes]:
    def log(request: httpx.Request) -> httpx.Response:
        data = published.get(request.url.path[1:])
        return httpx.Response(404) if data is None else httpx.Response(200, stream=httpx.ByteStream(data))

    async def whole() -> list[bytes]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(log)) as client:
            return await Tiles(client, {ORIGIN: "https://log.example"}).entries(head)

    return asyncio.run(whole())


def head_of(leaves: list[bytes]) -> Checkpoint:
    return Checkpoint(ORIGIN, len(leaves), merkle.root_of([merkle.leaf_hash(one) for one in leaves]))


def bundles(leaves: list[bytes]) -> dict[str, bytes]:
    parts = {at // 256: leaves[at : at + 256] for at in range(0, len(leaves), 256)}
    return {tiles.bundle_path(number, len(part)): tiles.bundle(part) for number, part in parts.items()}


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257])
def test_a_log_is_read_whole(count: int) -> None:
    leaves = [b"leaf %d" % at for at in range(count)]
    assert read_whole(bundles(leaves), head_of(leaves)) == leaves


def test_a_partial_bundle_that_is_gone_is_read_from_the_full_one() -> None:
    leaves = [b"leaf %d" % at for at in range(512)]
    assert read_whole(bundles(leaves), head_of(leaves[:300])) == leaves[:300]


def test_leaves_that_are_not_those_of_the_head_are_not_believed() -> None:
    leaves = [b"a", b"b", b"c"]
    with pytest.raises(ClientError, match="log_unreadable"):
        read_whole(bundles([b"a", b"b", b"x"]), head_of(leaves))
    with pytest.raises(ClientError, match="not_privity"):
        read_whole({}, head_of(leaves))
    with pytest.raises(ClientError, match="log_unreadable"):
        read_whole({}, Checkpoint(ORIGIN, 65_537, bytes(32)))


def test_a_build_is_found_with_its_description_and_gives_its_leaf(tmp_path: Path) -> None:
    assert bundle.find("release", tmp_path) is None
    (tmp_path / "release" / "assets").mkdir(parents=True)
    for path, data in FILES.items():
        (tmp_path / "release" / path).write_bytes(data)
    with pytest.raises(ClientError, match="web_unusable"):
        bundle.find("release", tmp_path)
    (tmp_path / "release.json").write_text('{"version":"1","source":"local"}')
    found = bundle.find("release", tmp_path)
    assert found == Bundle(tmp_path / "release", "1", "local")
    assert (found.leaf(), found.digest()) == (leaf(), sha256(PAGE).digest())
