"""What is published, from memory and on disk."""

import asyncio
import json
from hashlib import sha256
from pathlib import Path

import pytest
from privity_protocol import canonical, directory
from privity_service.publication import DIRECTORY_LIFE, Publication
from privity_service.registry import parse_report
from privity_service.shelf import Shelf
from service_stand import NOW, FakeNode, configuration, reply, stand, stream_of


def windows_of(node: FakeNode, **changes: object):
    return parse_report(json.dumps({"windows": [node.window(each, **changes) for each in node.documents]}).encode())


def publication(earlier: bytes | None = None) -> Publication:
    return Publication(configuration(Path("/state"), ["tcp:127.0.0.1:9000"]), earlier)


def with_bundles(p: Publication, node: FakeNode) -> Publication:
    for window in windows_of(node):
        p.add(window.nd, b"bundle")
    return p


def test_the_discovery_document_is_canonical_and_names_the_run_origin() -> None:
    value = canonical.decode(publication().discovery.data, max_bytes=1000)
    assert value == {
        "v": 1,
        "account": None,
        "deploy": "local",
        "logs": [],
        "plans": False,
        "relays": [],
        "run": "http://localhost:8081",
    }


def test_a_directory_lists_each_window_once_in_order_and_names_its_predecessor() -> None:
    node = FakeNode(b"one", b"two", b"three")
    p = with_bundles(publication(), node)
    assert p.refresh(sorted(windows_of(node), key=lambda window: window.nd), NOW)
    first = directory.decode(p.directory.data)
    assert (first.nbf, first.exp, first.prev, len(first.nodes)) == (NOW, NOW + DIRECTORY_LIFE, None, 3)
    assert p.refresh(sorted(windows_of(node), key=lambda window: window.nd)[:2], NOW + 1)
    assert directory.decode(p.directory.data).prev == sha256(directory.encode(first)).digest()
    assert len(p.bundles) == 2


def test_a_directory_stays_until_something_changes_or_half_its_life_is_over() -> None:
    node = FakeNode(b"one")
    p = with_bundles(publication(), node)
    assert not p.refresh([], NOW)
    p.add(windows_of(node)[0].nd, b"bundle")
    assert p.refresh(windows_of(node), NOW)
    assert not p.refresh(windows_of(node), NOW + DIRECTORY_LIFE // 2 - 1)
    assert p.refresh(windows_of(node), NOW + DIRECTORY_LIFE // 2)
    assert p.refresh(windows_of(node), NOW)  # the clock went back: the directory must not lie in the future


def test_a_window_without_its_bundle_is_not_listed() -> None:
    node = FakeNode(b"one")
    p = publication()
    assert not p.refresh(windows_of(node), NOW)
    assert p.directory is None


@pytest.mark.parametrize(("kind", "warned"), [("simulated", True), ("sim_tpm", True), ("tdx", False)])
def test_a_simulated_node_is_known_as_such(kind: str, warned: bool) -> None:
    node = FakeNode(b"one")
    p = with_bundles(publication(), node)
    p.refresh(windows_of(node, plat={"type": kind, "id": "11" * 32}), NOW)
    assert p.simulated is warned


def test_the_chain_of_directories_survives_a_restart_and_a_damaged_file_begins_it_anew() -> None:
    node = FakeNode(b"one")
    p = with_bundles(publication(), node)
    p.refresh(windows_of(node), NOW)
    again = with_bundles(publication(p.directory.data), node)
    again.refresh(windows_of(node), NOW + 5)
    assert directory.decode(again.directory.data).prev == sha256(p.directory.data).digest()
    damaged = with_bundles(publication(p.directory.data[:-1]), node)
    damaged.refresh(windows_of(node), NOW + 5)
    assert directory.decode(damaged.directory.data).prev is None


def test_the_shelf_holds_exactly_what_is_wanted_and_each_file_whole(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    nodes = tmp_path / "public/v1/nodes"
    shelf.keep({"v1/nodes/" + "a" * 64: b"A", "v1/nodes/directory": b"D"})
    (nodes / ("c" * 64)).write_bytes(b"left over")
    (nodes / f"{'d' * 64}.unfinished").write_bytes(b"half")
    shelf.keep({"v1/nodes/" + "b" * 64: b"B", "v1/nodes/directory": b"E"})
    assert {path.name: path.read_bytes() for path in nodes.iterdir()} == {"b" * 64: b"B", "directory": b"E"}
    assert Shelf(tmp_path).read("v1/nodes/directory", 10) == b"E"
    assert Shelf(tmp_path).read("v1/nodes/directory", 0) is None
    assert Shelf(tmp_path).read("absent", 10) is None


def test_a_write_that_fails_in_the_middle_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(tmp_path)
    shelf.keep({"v1/nodes/directory": b"old"})

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            shelf.keep({"v1/nodes/directory": b"new"})
    assert Shelf(tmp_path).read("v1/nodes/directory", 10) == b"old"
    shelf.keep({"v1/nodes/directory": b"new"})
    assert Shelf(tmp_path).read("v1/nodes/directory", 10) == b"new"


def test_a_full_disk_is_reported_once_and_everything_is_served_from_memory(tmp_path: Path, monkeypatch) -> None:
    def full(_self: Shelf, _wanted: object) -> None:
        raise OSError(28, "No space left on device")

    async def scenario() -> None:
        async with stand(tmp_path, polled=False) as s:
            with monkeypatch.context() as patch:
                patch.setattr(Shelf, "keep", full)
                await s.poll(3)
                assert (await s.get("/v1/nodes/directory")).status == 200
            await s.poll(2)
            told = [json.loads(line)["event"] for line in s.logged]
            assert told == ["node_listed", "state_unwritable", "state_writable"]
            assert (tmp_path / "public/v1/nodes/directory").exists()

    asyncio.run(scenario())


def test_a_node_that_stops_answering_is_dropped_at_the_third_poll_and_listed_again_later(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            nd = sha256(s.node.documents[0]).hexdigest()
            s.node.script["/ec1/node"] = reply(500)
            await s.poll(2)
            assert (await s.get(f"/v1/nodes/{nd}")).status == 200
            await s.poll()
            assert (await s.get(f"/v1/nodes/{nd}")).status == 404
            assert (await s.get("/healthz")).status == 503
            del s.node.script["/ec1/node"]
            await s.poll()
            assert (await s.get(f"/v1/nodes/{nd}")).body == b"bundle of " + s.node.documents[0]
            told = [json.loads(line)["event"] for line in s.logged]
            assert told == ["node_listed", "node_refused", "node_dropped", "node_listed"]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("path", "script", "reason"),
    [
        ("/ec1/node", reply(200, b"{}"), "report_malformed"),
        ("/ec1/node", reply(200, b"x" * 70_000), "answer_too_large"),
        ("/ec1/node", reply(302, b"", b"location: http://127.0.0.1:1/"), "status_302"),
        ("/ec1/node", stream_of([b"{"], end=False), "unreachable"),
        ("bundle", reply(200, b""), "bundle_empty"),
        ("bundle", reply(200, b"x" * 524_289), "answer_too_large"),
        ("bundle", reply(404), "status_404"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_node_that_talks_nonsense_is_not_listed(tmp_path: Path, path: str, script, reason: str) -> None:
    async def scenario() -> None:
        async with stand(tmp_path, polled=False) as s:
            nd = sha256(s.node.documents[0]).hexdigest()
            s.node.script[f"/ec1/bundle/{nd}" if path == "bundle" else path] = script
            await s.poll()
            assert json.loads(s.logged[0]) == {"event": "node_refused", "node": 0, "reason": reason}
            assert s.state.publication.bundles == {}

    asyncio.run(scenario())


def test_a_clock_that_jumps_unlists_and_lists_again_without_a_restart(tmp_path: Path) -> None:
    async def listed(s) -> tuple[int, int]:
        found = directory.decode((await s.get("/v1/nodes/directory")).body)
        return found.nbf, len(found.nodes)

    async def scenario() -> None:
        async with stand(tmp_path) as s:
            assert await listed(s) == (NOW, 1)
            for jump in (400 * 86400, -400 * 86400, 0):
                s.clock[0] = NOW + jump
                await s.poll()
                assert await listed(s) == (NOW + jump, 0 if jump > 0 else 1)

    asyncio.run(scenario())


def test_a_dead_node_is_not_listed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            s.state.registry.nodes[0].address = s.state.registry.nodes[0].address.__class__(None, "127.0.0.1", 1)
            await s.poll(3)
            assert s.state.publication.bundles == {}

    asyncio.run(scenario())
