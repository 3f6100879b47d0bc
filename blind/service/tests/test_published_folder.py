"""What the operator's keeper posts: taken over whole or not at all, bounded, and served on both origins."""

import asyncio
import json
import os
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from privity_protocol import canonical, directory
from privity_protocol.platform import Platform
from privity_service import published as folder_of
from privity_service.published import Published, Unfit
from service_stand import NOW, configuration, stand, until

NODES = (b"one", b"two")


def leaf_of(*documents: bytes, kind: str = "tdx", nbf: int = NOW) -> bytes:
    nodes = [
        directory.Node(sha256(document).digest(), Platform(kind, bytes(32)), bytes(32), ("demo",), 1)
        for document in documents
    ]
    return directory.encode(directory.Directory(nbf, nbf + 3600, None, tuple(sorted(nodes, key=lambda node: node.nd))))


def bulletin_of(leaf: bytes, **more: object) -> bytes:
    """As much of a bulletin as the service looks at: the directory is a leaf in it."""
    return canonical.encode({"keys": {"entries": [{"leaf": canonical.base64url_encode(leaf)}]}, **more})


def post(folder: Path, *documents: bytes, kind: str = "tdx", nbf: int = NOW) -> bytes:
    """Write as the keeper does; return the bulletin."""
    (folder / "bundles").mkdir(exist_ok=True)
    for document in documents:
        write(folder / "bundles" / sha256(document).hexdigest(), b"bundle of " + document)
    leaf = leaf_of(*documents, kind=kind, nbf=nbf)
    write(folder / "directory", leaf)
    write(folder / "bulletin", bulletin_of(leaf))
    return bulletin_of(leaf)


def write(path: Path, data: bytes) -> None:
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.write_bytes(data)
    os.replace(unfinished, path)


def refused(folder: Path) -> str:
    with pytest.raises(Unfit) as caught:
        Published(folder).look()
    return caught.value.reason


def test_what_is_posted_is_taken_over_once_and_again_when_it_changes(tmp_path: Path) -> None:
    bulletin = post(tmp_path, *NODES)
    published = Published(tmp_path)
    posted = published.look()
    assert posted is not None
    assert posted.bulletin == bulletin
    assert posted.bundles == {sha256(each).hexdigest(): b"bundle of " + each for each in NODES}
    assert published.look() is None
    post(tmp_path, *NODES, nbf=NOW + 1)
    again = published.look()
    assert again is not None
    assert again.directory.nbf == NOW + 1


def test_a_directory_of_another_moment_than_the_bulletin_is_torn_and_looked_at_again(tmp_path: Path) -> None:
    post(tmp_path, *NODES)
    newer = leaf_of(b"one", nbf=NOW + 9)
    write(tmp_path / "directory", newer)
    published = Published(tmp_path)
    for _ in range(2):
        with pytest.raises(Unfit, match="torn"):
            published.look()
    write(tmp_path / "bulletin", bulletin_of(newer))
    assert published.look() is not None


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("bulletin", folder_of.MAX_BULLETIN),
        ("directory", directory.MAX_DIRECTORY),
        (f"bundles/{sha256(b'one').hexdigest()}", 524_288),
    ],
)
def test_every_file_is_there_regular_and_bounded(tmp_path: Path, name: str, limit: int) -> None:
    post(tmp_path, *NODES)
    kind = name.partition("/")[0]
    write(tmp_path / name, b"")
    assert refused(tmp_path) == f"{kind}_size"
    write(tmp_path / name, b"x" * (limit + 1))
    assert refused(tmp_path) == f"{kind}_size"
    (tmp_path / name).unlink()
    assert refused(tmp_path) == f"{kind}_missing"
    os.mkfifo(tmp_path / name)
    assert refused(tmp_path) == f"{kind}_missing"


def test_all_bundles_together_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    post(tmp_path, *NODES)
    both = len(b"bundle of one") + len(b"bundle of two")
    monkeypatch.setattr(folder_of, "MAX_TOGETHER", both)
    assert Published(tmp_path).look() is not None
    monkeypatch.setattr(folder_of, "MAX_TOGETHER", both - 1)
    assert refused(tmp_path) == "bundles_too_large"


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.binary(max_size=60))
def test_any_directory_gives_a_documented_reason(tmp_path: Path, data: bytes) -> None:
    post(tmp_path, *NODES)
    write(tmp_path / "directory", data)
    assert refused(tmp_path) in {"directory_malformed", "directory_size"}


def test_bulletin_directory_and_bundles_are_served_on_both_origins_to_anyone(tmp_path: Path) -> None:
    async def scenario() -> None:
        folder = tmp_path / "published"
        folder.mkdir()
        async with stand(tmp_path, published=folder) as s:
            assert (await s.get("/v1/bulletin")).status == 404
            bulletin = post(folder, *NODES, kind="simulated")
            assert await s.poller.look(Published(folder))
            for relay in (False, True):
                answer = await s.get("/v1/bulletin", "origin: https://elsewhere.example", relay=relay)
                assert (answer.status, answer.body) == (200, bulletin)
                assert answer.headers["access-control-allow-origin"] == "*"
                assert answer.headers["cache-control"] == "public, max-age=10"
                asked = await s.get("/v1/bulletin", relay=relay, method="OPTIONS")
                assert (asked.status, asked.headers["access-control-allow-methods"]) == (204, "GET")
                for each in NODES:
                    bundle = await s.get(f"/v1/nodes/{sha256(each).hexdigest()}", relay=relay)
                    assert bundle.body == b"bundle of " + each
                assert (await s.get("/v1/nodes/directory", relay=relay)).body == leaf_of(*NODES, kind="simulated")
            assert (await s.get("/healthz")).body == b'{"nodes":2,"status":"ready"}'
            assert s.state.publication.simulated

    asyncio.run(scenario())


def test_a_key_that_was_just_listed_finds_its_node(tmp_path: Path) -> None:
    async def scenario() -> None:
        folder = tmp_path / "published"
        folder.mkdir()
        async with stand(tmp_path, published=folder, polled=False) as s:
            watching = asyncio.create_task(s.poller._watch(Published(folder)))
            await asyncio.sleep(0)
            assert s.state.registry.address(s.node.kid()) is None
            post(folder, s.node.documents[0])
            await until(lambda: s.state.registry.address(s.node.kid()) is not None)
            watching.cancel()

    asyncio.run(scenario())


def test_with_a_keeper_a_node_lists_nothing_by_its_own_word(tmp_path: Path) -> None:
    async def scenario() -> None:
        folder = tmp_path / "published"
        folder.mkdir()
        async with stand(tmp_path, published=folder) as s:
            await s.poll(2)
            nd = sha256(s.node.documents[0]).hexdigest()
            assert (await s.get(f"/v1/nodes/{nd}")).status == 404
            assert (await s.get("/v1/nodes/directory")).status == 404
            assert [heard.path for heard in s.node.heard] == ["/ec1/node"] * 3
            assert s.state.registry.address(s.node.kid()) is not None

    asyncio.run(scenario())


def test_what_is_not_fit_is_told_once_and_what_was_taken_over_stays(tmp_path: Path) -> None:
    async def scenario() -> None:
        folder = tmp_path / "published"
        folder.mkdir()
        async with stand(tmp_path, published=folder, polled=False) as s:
            published = Published(folder)
            post(folder, *NODES)
            await s.poller.look(published)
            write(folder / "directory", b"{}")
            write(folder / "bulletin", b"{}")
            for _ in range(3):
                assert not await s.poller.look(published)
            assert (await s.get("/v1/nodes/directory")).body == leaf_of(*NODES)
            assert [json.loads(line) for line in s.logged] == [
                {"event": "published", "nodes": 2},
                {"event": "published_refused", "reason": "directory_malformed"},
            ]

    asyncio.run(scenario())


def test_the_same_files_lie_on_disk_for_any_web_server(tmp_path: Path) -> None:
    async def scenario() -> None:
        folder = tmp_path / "published"
        folder.mkdir()
        async with stand(tmp_path, published=folder, polled=False) as s:
            bulletin = post(folder, *NODES)
            await s.poller.look(Published(folder))
            await s.poller.store()
        public = tmp_path / "public/v1"
        assert (public / "bulletin").read_bytes() == bulletin
        assert {path.name for path in (public / "nodes").iterdir()} == {
            "directory",
            *(sha256(each).hexdigest() for each in NODES),
        }

    asyncio.run(scenario())


def test_the_discovery_document_names_the_logs() -> None:
    from privity_service.configuration import Log
    from privity_service.publication import discovery

    chosen = configuration(Path("/state"), ["tcp:127.0.0.1:9000"])
    chosen.logs.append(Log("log.example/release", "https://log.example/release"))
    value = canonical.decode(discovery(chosen), max_bytes=1000)
    assert isinstance(value, dict)
    assert value["logs"] == [{"origin": "log.example/release", "url": "https://log.example/release"}]
