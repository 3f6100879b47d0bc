"""Pulling with digest and range, the shelf, and which model is served."""

import hashlib
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from privity_client.errors import ClientError
from privity_client.models import catalogue, selection, shelf
from privity_client.models.catalogue import Catalogue, Entry, Pin
from privity_client.models.pull import Download, pull
from privity_client.models.shelf import ShelfModel
from privity_protocol import canonical

CONTENT = b"GGUF" + bytes(range(256)) * 40
COMMIT = "0123456789abcdef0123456789abcdef01234567"
ENTRY = Entry(
    id="example",
    display="Example",
    licence="Apache-2.0",
    repository="example/example",
    file="example.gguf",
    quant="Q8_0",
    context=4096,
    min_ram=100,
    attention="plain",
    engines=("xllamacpp",),
    template=None,
    pin=Pin(COMMIT, len(CONTENT), hashlib.sha256(CONTENT).digest()),
)


class Source:
    """A server of one file; `breaks` are offsets at which the connection ends."""

    def __init__(self, content: bytes = CONTENT, *, ranges: bool = True, breaks: tuple[int, ...] = ()) -> None:
        self.content = content
        self.ranges = ranges
        self.breaks = list(breaks)
        self.asked: list[httpx.Request] = []

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        start = 0
        headers = {}
        status = 200
        if self.ranges and "range" in request.headers:
            start = int(request.headers["range"].removeprefix("bytes=").rstrip("-"))
            headers = {"content-range": f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"}
            status = 206
        body = self.content[start:]
        if self.breaks:
            body = body[: self.breaks.pop(0)]
        self.given = Body(body)
        return httpx.Response(status, headers=headers, stream=self.given)


class Body(httpx.SyncByteStream):
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.pieces = 0

    def __iter__(self):
        for at in range(0, len(self._data), 1000):
            self.pieces += 1
            yield self._data[at : at + 1000]


def fetch(folder: Path, source: Source, entry: Entry = ENTRY) -> ShelfModel:
    with source.client() as client:
        return pull(entry, folder, base="http://source.test/", client=client, progress=lambda _got, _all: None)


def test_a_pulled_model_is_asked_for_by_commit_and_stands_on_the_shelf(tmp_path: Path) -> None:
    source = Source()
    model = fetch(tmp_path, source)
    assert str(source.asked[0].url) == f"http://source.test/example/example/resolve/{COMMIT}/example.gguf"
    assert model.path.read_bytes() == CONTENT
    assert shelf.read_shelf(tmp_path) == [model]
    assert not (tmp_path / "example.part").exists()


def test_an_interrupted_pull_goes_on_by_range(tmp_path: Path) -> None:
    source = Source(breaks=(3000,))
    with pytest.raises(ClientError, match="download_failed"):
        fetch(tmp_path, source)
    assert shelf.read_shelf(tmp_path) == []
    fetch(tmp_path, source)
    assert source.asked[1].headers["range"] == "bytes=3000-"
    assert (tmp_path / "example.gguf").read_bytes() == CONTENT


def test_a_source_without_ranges_begins_anew(tmp_path: Path) -> None:
    source = Source(breaks=(3000,), ranges=False)
    with pytest.raises(ClientError, match="download_failed"):
        fetch(tmp_path, source)
    fetch(tmp_path, source)
    assert (tmp_path / "example.gguf").read_bytes() == CONTENT


def test_another_file_is_refused_and_not_kept(tmp_path: Path) -> None:
    wrong = CONTENT[:-1] + b"!"
    with pytest.raises(ClientError, match="model_digest"):
        fetch(tmp_path, Source(wrong))
    assert list(tmp_path.iterdir()) == []


def test_a_spoiled_part_on_disk_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "example.part").write_bytes(b"x" * 3000)
    with pytest.raises(ClientError, match="model_digest"):
        fetch(tmp_path, Source())
    assert list(tmp_path.iterdir()) == []


def test_more_bytes_than_pinned_are_not_read_on(tmp_path: Path) -> None:
    source = Source(CONTENT + bytes(10**7))
    with pytest.raises(ClientError, match="model_digest"):
        fetch(tmp_path, source)
    assert source.given.pieces < 3000
    assert list(tmp_path.iterdir()) == []


def test_an_entry_without_digest_cannot_be_pulled(tmp_path: Path) -> None:
    source = Source()
    with pytest.raises(ClientError, match="model_unpinned"):
        fetch(tmp_path, source, replace(ENTRY, pin=None))
    assert source.asked == []


def test_a_range_other_than_the_missing_one_is_refused() -> None:
    assert ENTRY.pin is not None
    download = Download(ENTRY.pin)
    download.feed(CONTENT[:10])
    with pytest.raises(ClientError, match="download_failed"):
        download.begin(206, f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}")
    with pytest.raises(ClientError, match="download_failed"):
        download.begin(404, "")


def test_adding_copies_and_records_the_digest(tmp_path: Path) -> None:
    source = tmp_path / "My Model (v2).gguf"
    source.write_bytes(CONTENT)
    folder = tmp_path / "models"
    folder.mkdir()
    added = shelf.add(folder, source, model_id=shelf.id_from(source.stem), context=2048)
    assert added.id == "my-model-v2"
    assert added.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert added.origin == "operator-added"
    assert shelf.read_shelf(folder) == [added]


def test_only_gguf_files_are_added(tmp_path: Path) -> None:
    source = tmp_path / "x.gguf"
    source.write_bytes(b"PK\3\4")
    with pytest.raises(ClientError, match="model_not_gguf"):
        shelf.add(tmp_path, source, model_id="x", context=2048)


@pytest.mark.parametrize("damage", [b"{}", b"not json", b'{"v":1}', b"\xff" * 5000])
def test_an_unreadable_record_is_left_out(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "x.json").write_bytes(damage)
    assert shelf.read_shelf(tmp_path) == []


def test_a_file_of_another_size_is_left_out(tmp_path: Path) -> None:
    model = fetch(tmp_path, Source())
    model.path.write_bytes(CONTENT + b"x")
    assert shelf.read_shelf(tmp_path) == []


BUILT_IN = ShelfModel("demonstration", "Demo", Path("/demo.gguf"), 10, "00" * 32, 2048, "demonstration")
ON_SHELF = ShelfModel("example", "Example", Path("/example.gguf"), 10, ENTRY.pin.sha256.hex(), 4096, "catalogue")
ADDED = ShelfModel("mine", "Mine", Path("/mine.gguf"), 10, "11" * 32, 4096, "operator-added")


def chosen(**changes: object) -> list[str]:
    given: dict[str, object] = {
        "asked": [],
        "configured": [],
        "shelf": [ON_SHELF, ADDED],
        "built_in": BUILT_IN,
        "catalogue": Catalogue(1, (ENTRY,)),
        "memory_mib": 8000,
    }
    return [model.id for model in selection.select(**{**given, **changes})]


def test_selection_goes_from_asked_to_demonstration() -> None:
    assert chosen(asked=["mine", "demonstration", "mine"], configured=["example"]) == ["mine", "demonstration"]
    assert chosen(configured=["mine"]) == ["mine"]
    assert chosen() == ["example"]
    assert chosen(memory_mib=50) == ["demonstration"]
    assert chosen(shelf=[ADDED]) == ["demonstration"]
    assert chosen(shelf=[replace(ON_SHELF, sha256="22" * 32)]) == ["demonstration"]
    with pytest.raises(ClientError, match="model_unknown: other"):
        chosen(asked=["other"])
    with pytest.raises(ClientError, match="model_unknown"):
        chosen(shelf=[], built_in=None)


def test_settings_name_models(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    assert selection.configured_models(path) == []
    path.write_bytes(canonical.encode({"v": 1, "models": ["mine"]}))
    assert selection.configured_models(path) == ["mine"]
    path.write_bytes(b'{"v":1,"modles":[]}')
    with pytest.raises(ClientError, match="misuse"):
        selection.configured_models(path)


def test_the_catalogue_that_ships_is_selectable() -> None:
    assert chosen(catalogue=catalogue.load()) == ["demonstration"]
