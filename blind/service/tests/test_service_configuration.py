"""The configuration's schema is closed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_service.configuration import ConfigurationRefused, NodeAddress, parse, parse_address, read

GOOD = {
    "v": 1,
    "deploy": "local",
    "service": {"host": "127.0.0.1", "port": 8080},
    "relay": {"host": "127.0.0.1", "port": 8081},
    "nodes": ["tcp:127.0.0.1:8082"],
    "state": "/var/lib/privity",
    "public_run_origin": "http://localhost:8081",
    "published": None,
    "logs": [],
}


def changed(**members: object) -> bytes:
    return json.dumps(GOOD | members).encode()


def test_the_good_one_is_read() -> None:
    configuration = parse(changed())
    assert configuration.limits.streams == 2000
    assert configuration.service.port == 8080


@pytest.mark.parametrize(
    "members",
    [
        {"extra": 1},
        {"v": 2},
        {"deploy": ""},
        {"deploy": "a b"},
        {"service": {"host": "127.0.0.1", "port": 65536}},
        {"service": {"host": "127.0.0.1", "port": 80, "tls": True}},
        {"relay": {"host": "a b", "port": 80}},
        {"nodes": []},
        {"nodes": ["tcp:127.0.0.1:8082"] * 2},
        {"nodes": [f"tcp:127.0.0.1:{port}" for port in range(1, 66)]},
        {"nodes": ["http://127.0.0.1:8082"]},
        {"state": "relative"},
        {"state": ""},
        {"public_run_origin": "http://localhost:8081/path"},
        {"public_run_origin": "ftp://localhost"},
        {"public_run_origin": "http://x\n"},
        {"relays": [{"kind": "tor", "name": "A", "url": "https://a.example"}]},
        {"relays": [{"kind": "forward", "name": "A", "url": "https://a.example", "keys": "ab" * 32}]},
        {"relays": [{"kind": "ohttp", "name": "A", "url": "https://a.example"}]},
        {"relays": [{"kind": "forward", "name": "", "url": "https://a.example"}]},
        {"relays": [{"kind": "forward", "name": "A", "url": "javascript:alert(1)"}]},
        {"relays": [{"kind": "forward", "name": "A", "url": "https://a.example/to"}]},
        {"web": {}},
        {"web": {"folder": "relative"}},
        {"web": {"folder": "/x", "more": 1}},
        {"published": "relative"},
        {"published": ""},
        {"logs": None},
        {"logs": [{"origin": "a b", "url": "https://log.example"}]},
        {"logs": [{"origin": "log.example/keys", "url": "https://log.example/keys/"}]},
        {"logs": [{"origin": "log.example/keys", "url": "javascript:alert(1)"}]},
        {"logs": [{"origin": "log.example/keys", "url": "https://log.example/keys?a"}]},
        {"logs": [{"origin": "log.example/keys", "url": "https://log.example/keys", "more": 1}]},
        {"logs": [{"origin": "log.example/keys", "url": "https://log.example/keys"}] * 9},
        {"limits": {"streams": 0}},
        {"limits": {"streams": 10, "sessions": 10}},
    ],
    ids=str,
)
def test_what_is_not_in_the_schema_stops_the_start(members: dict[str, object]) -> None:
    with pytest.raises(ConfigurationRefused):
        parse(changed(**members))


@pytest.mark.parametrize("name", sorted(GOOD))
def test_every_member_is_required(name: str) -> None:
    with pytest.raises(ConfigurationRefused, match=name):
        parse(json.dumps({key: value for key, value in GOOD.items() if key != name}).encode())


@given(st.binary(max_size=200))
def test_any_bytes_give_a_configuration_or_the_documented_refusal(data: bytes) -> None:
    with pytest.raises(ConfigurationRefused):
        parse(data)


def test_a_file_too_large_or_absent_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigurationRefused, match="bytes"):
        parse(b" " * 65537)
    with pytest.raises(ConfigurationRefused, match="cannot be read"):
        read(tmp_path / "absent")


def test_addresses() -> None:
    assert parse_address("unix:/run/node").base == "http://node"
    assert parse_address("tcp:[::1]:80") == NodeAddress(path=None, host="::1", port=80)
    assert parse_address("tcp:[::1]:80").base == "http://[::1]:80"
    assert parse_address("tcp:node.example:80").base == "http://node.example:80"


@pytest.mark.parametrize(
    "text",
    ["", "tcp:", "tcp:host", "tcp:host:0", "tcp:host:99999", "tcp:::1:80", "unix:relative", "tcp:a b:80", "udp:h:1"],
)
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationRefused):
        parse_address(text)


def test_relays_are_offered_as_they_are_configured() -> None:
    from privity_service.publication import discovery

    plain = {"kind": "forward", "name": "Example", "url": "https://relay.example"}
    sealed = {"kind": "ohttp", "name": "Other", "url": "https://other.example/to/chat", "keys": "ab" * 32}
    told = json.loads(discovery(parse(changed(relays=[plain, sealed]))))
    assert told["relays"] == [plain, sealed]
    assert json.loads(discovery(parse(changed())))["relays"] == []
