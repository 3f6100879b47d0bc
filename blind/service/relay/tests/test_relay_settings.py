"""The relay's configuration: a closed schema, and origins that are origins."""

import json
from pathlib import Path

import pytest
from privity_service.relay.settings import MAX_CONFIGURATION, SettingsRefused, decode, read, split

GOOD = {
    "v": 1,
    "listen": {"host": "127.0.0.1", "port": 8086},
    "public": "https://relay.example",
    "service": "https://chat.example",
    "run": "https://run.chat.example",
    "logs": [{"origin": "log.example/release", "url": "https://log.example/release"}],
}


def test_a_configuration_is_read(tmp_path: Path) -> None:
    path = tmp_path / "relay.json"
    path.write_text(json.dumps(GOOD))
    settings = read(path)
    assert (settings.run, settings.limits.streams, settings.limits.connections) == (GOOD["run"], 2000, 8000)
    place, prefix = split(settings.logs[0].url)
    assert (place.base, prefix) == ("https://log.example", "/release")
    assert decode(json.dumps(GOOD | {"public": None}).encode()).public is None


@pytest.mark.parametrize(
    "changes",
    [
        *({"v": 2}, {"more": 1}, {"run": "run.example"}, {"run": "https://run.example/path"}, {"run": "ftp://run.example"}),
        *({"run": "https://a@run.example"}, {"run": "https://run.example\n"}, {"service": None}, {"public": "*"}),
        *({"service": "https://-"}, {"run": "https://RUN.example"}, {"listen": {"host": "x", "port": 65_536}}),
        *({"logs": GOOD["logs"] * 2}, {"logs": [{"origin": "a", "url": "https://log.example/../x"}]}),
        *({"logs": [{"origin": "a", "url": "https://log.example/a?b"}]}, {"limits": {"streams": 0}}),
    ],
)  # fmt: skip
def test_anything_else_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(SettingsRefused):
        decode(json.dumps(GOOD | changes).encode())


def test_what_is_no_configuration_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"[", b"\xff", b" " * (MAX_CONFIGURATION + 1), b"[" * 60_000):
        with pytest.raises(SettingsRefused):
            decode(data)
    with pytest.raises(SettingsRefused, match="cannot be read"):
        read(tmp_path / "none")
