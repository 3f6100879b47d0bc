"""Weights: nothing but the configured bytes gets past, and no parser is near before that is known."""

import asyncio
import fcntl
import hashlib
import json
import os
from pathlib import Path

import pytest
from engine_fakes import ROOT, described, settings
from hypothesis import given
from hypothesis import strategies as st
from privity_enclave import models
from privity_enclave.engine.serving import open_engines
from privity_enclave.failure import StartFailed
from privity_enclave.models import ModelRefused, ServedModel, document, seal
from privity_protocol import canonical

GENUINE = bytes(range(256)) * 5000  # longer than one chunk


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "genuine.gguf"
    path.write_bytes(GENUINE)
    return path


def sealed(path: Path, size: int = len(GENUINE)) -> int:
    return seal("m", path, sha256=hashlib.sha256(GENUINE).hexdigest(), size=size)


def descriptors() -> set[str]:
    return {f"{name} {target}" for name in os.listdir("/proc/self/fd") if (target := _target(name)) is not None}


def _target(name: str) -> str | None:
    try:
        return os.readlink(f"/proc/self/fd/{name}")
    except FileNotFoundError:
        return None


def test_sealed_weights_are_the_bytes_and_cannot_be_changed(weights: Path) -> None:
    target = sealed(weights)
    try:
        weights.write_bytes(b"changed after the check")
        with open(f"/proc/self/fd/{target}", "rb") as again:
            assert again.read() == GENUINE
        wanted = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        assert fcntl.fcntl(target, fcntl.F_GET_SEALS) & wanted == wanted
        for change in (
            lambda: os.pwrite(target, b"x", 0),
            lambda: os.ftruncate(target, 0),
            lambda: os.ftruncate(target, len(GENUINE) + 1),
            lambda: fcntl.fcntl(target, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE),
        ):
            with pytest.raises(OSError, match="not permitted"):
                change()
        assert not os.get_inheritable(target)
    finally:
        os.close(target)


def wrong(path: Path, how: str) -> None:
    match how:
        case "truncated":
            path.write_bytes(GENUINE[:-1])
        case "longer":
            path.write_bytes(GENUINE + b"\0")
        case "one bit":
            path.write_bytes(GENUINE[:-1] + bytes([GENUINE[-1] ^ 1]))
        case "missing":
            path.unlink()
        case "a folder":
            path.unlink()
            path.mkdir()
        case "a pipe":
            path.unlink()
            os.mkfifo(path)
        case "empty":
            path.write_bytes(b"")


WRONG = {
    "truncated": "bytes, the configuration names",
    "longer": "longer than the configured",
    "one bit": "SHA-256 of",
    "missing": "cannot be opened",
    "a folder": "not a regular file",
    "a pipe": "not a regular file",
    "empty": "has 0 bytes",
}


@pytest.mark.parametrize("how", WRONG)
def test_any_other_file_is_refused_and_nothing_stays_open(how: str, weights: Path) -> None:
    wrong(weights, how)
    before = descriptors()
    with pytest.raises(ModelRefused, match=WRONG[how]) as caught:
        sealed(weights)
    assert (caught.value.reason, caught.value.model) == ("models", "m")
    assert descriptors() == before


def test_an_endless_file_is_read_only_so_far(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []

    def read(source: int, count: int) -> bytes:
        reads.append(count)
        assert len(reads) < 5, "read on and on"
        return b"x" * count

    monkeypatch.setattr(os, "read", read)
    with pytest.raises(ModelRefused, match="longer"):
        sealed(weights, size=models.CHUNK)
    assert len(reads) == 2


def test_memory_that_runs_out_is_a_refusal(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(target: int, data: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(ModelRefused, match="cannot be copied into memory"):
        sealed(weights)


def test_short_writes_are_continued(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda target, data: write(target, data[:70000]))
    os.close(sealed(weights))


def test_a_kernel_without_the_newest_flag_serves_too(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create = os.memfd_create

    def older(name: str, flags: int) -> int:
        if flags & 0x8:
            raise OSError(22, "Invalid argument")
        return create(name, flags)

    monkeypatch.setattr(os, "memfd_create", older)
    os.close(sealed(weights))


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_only_equal_bytes_pass(tmp_path_factory: pytest.TempPathFactory, genuine: bytes, offered: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "offered"
    path.write_bytes(offered)
    try:
        os.close(seal("m", path, sha256=hashlib.sha256(genuine).hexdigest(), size=len(genuine)))
    except ModelRefused:
        assert genuine != offered
    else:
        assert genuine == offered


@pytest.mark.parametrize("how", WRONG)
def test_a_node_with_wrong_weights_starts_no_engine(how: str, weights: Path, tmp_path: Path, monkeypatch) -> None:
    async def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("the parser was reached")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", forbidden)
    configured = settings(described(weights))
    wrong(weights, how)
    before = descriptors()
    with pytest.raises(ModelRefused):
        open_engines(configured, {"m": weights}, run_dir=tmp_path)
    assert descriptors() == before


def test_every_model_needs_its_file_and_no_file_may_be_left_over(weights: Path, tmp_path: Path) -> None:
    configured = settings(described(weights, id="a"), described(weights, id="b"))
    before = descriptors()
    with pytest.raises(ModelRefused, match="b: no file was given"):
        open_engines(configured, {"a": weights}, run_dir=tmp_path)
    with pytest.raises(ModelRefused, match="c: the configuration names no weight file"):
        open_engines(configured, {"a": weights, "b": weights, "c": weights}, run_dir=tmp_path)
    assert descriptors() == before


def test_the_document_names_every_model_in_order(weights: Path, tmp_path: Path) -> None:
    configured = settings(described(weights, id="z"), described(weights, id="a", demonstration=False, context=4096))

    async def go() -> bytes:
        engines = open_engines(configured, {"z": weights, "a": weights}, run_dir=tmp_path)
        found = engines.models_document()
        await engines.close()
        await engines.close()
        return found

    found = canonical.decode(asyncio.run(go()), max_bytes=models.MAX_DOCUMENT)
    assert found["v"] == 1
    assert [entry["id"] for entry in found["models"]] == ["z", "a"]
    first, second = found["models"]
    assert first["sha256"] == [hashlib.sha256(GENUINE).hexdigest()]
    assert first["engine"].startswith("xllamacpp 20")
    assert set(first) == {"id", "display", "sha256", "engine", "settings", "context", "demonstration"}
    assert (first["demonstration"], second["demonstration"], second["context"]) == (True, False, 4096)
    assert first["settings"] != second["settings"]


def served(number: int) -> ServedModel:
    return ServedModel(f"model-{number}", "x" * 64, False, ["0" * 64], "e", "0" * 64, 1)


VECTORS = json.loads((ROOT / "vectors/models/cases.json").read_text())["cases"]
ACCEPTED = [case for case in VECTORS if case["outcome"] == "accepted"]


@pytest.mark.parametrize(
    "case", [case for case in VECTORS if case["outcome"] == "accepted"], ids=lambda case: case["name"]
)
def test_the_document_is_written_as_the_vectors_have_it(case: dict) -> None:
    entries = json.loads(case["document"])["models"]
    written = document([ServedModel(**entry) for entry in entries])
    assert written.decode() == case["document"]
    assert hashlib.sha256(written).hexdigest() == case["sha256"]


def test_a_document_that_no_bundle_can_carry_is_refused() -> None:
    assert len(document([served(number) for number in range(16)])) < models.MAX_DOCUMENT
    with pytest.raises(StartFailed, match="models document"):
        document([served(number) for number in range(60)])
