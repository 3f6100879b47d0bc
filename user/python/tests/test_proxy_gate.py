"""Who may ask the proxy: its own name, no web page, the key. Where it listens, and how its key is kept."""

import base64
import os
import socket
import stat
from pathlib import Path

import pytest
from privity_client.errors import ClientError
from privity_client.proxy import kept_responses
from privity_client.proxy.conversations import MOST, Conversations
from privity_client.proxy.gate import Gate
from privity_client.proxy.kept_responses import KeptResponses
from privity_client.proxy.key import Key, open_key
from privity_client.proxy.listening import bound
from privity_client.testing.fake_node import FakeNode
from privity_protocol.chain import ChainKey
from privity_protocol.session import Session

KEY = Key("privity-" + "k" * 43, Path("key"), fresh=False)
GATE = Gate(KEY, 8990, frozenset({"app://editor"}))
BEARER = f"Bearer {KEY.text}"


def refusal(path: str = "/v1/models", **headers: str) -> str | None:
    """The code of the refusal; headers that a program sends by itself are there unless they are replaced by nothing."""
    sent = {"host": "localhost:8990", "authorization": BEARER} | headers
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items() if value]
    error = GATE.refusal(pairs, path)
    return None if error is None else error.code


@pytest.mark.parametrize("host", ["localhost:8990", "127.0.0.1:8990", "[::1]:8990"])
def test_a_program_with_the_key_may_ask(host: str) -> None:
    assert refusal(host=host) is None


@pytest.mark.parametrize("host", ["", "evil.example:8990", "localhost", "localhost:80", "127.0.0.1.evil.example:8990"])
def test_another_name_is_refused_since_a_name_server_may_point_it_here(host: str) -> None:
    assert refusal(host=host) == "host_not_allowed"


def test_a_name_that_comes_twice_is_none() -> None:
    pairs = [(b"host", b"localhost:8990"), (b"host", b"evil.example"), (b"authorization", BEARER.encode())]
    error = GATE.refusal(pairs, "/")
    assert error is not None
    assert (error.status, error.code) == (403, "host_not_allowed")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8990", "http://localhost:3000"])
def test_a_page_is_refused_even_with_the_key(origin: str) -> None:
    assert refusal(origin=origin) == "origin_not_allowed"


@pytest.mark.parametrize("site", ["cross-site", "same-site", "other"])
def test_what_a_page_loads_without_saying_its_origin_is_refused(site: str) -> None:
    assert refusal(sec_fetch_site=site) == "origin_not_allowed"


def test_what_a_person_types_and_what_was_allowed_may_go_on() -> None:
    assert refusal(sec_fetch_site="none") is None
    assert refusal(origin="app://editor") is None


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {KEY.text}x",
        f"Bearer {KEY.text[:-1]}",
        KEY.text,
        f"Token {KEY.text}",
        "Bearer é",
    ],
)
def test_without_the_key_nobody_asks(shown: str) -> None:
    assert refusal(authorization=shown) == "invalid_api_key"


def test_a_browser_may_show_the_key_as_a_password_for_the_page_alone() -> None:
    shown = "Basic " + base64.b64encode(f"me:{KEY.text}".encode()).decode()
    assert refusal("/", authorization=shown) is None
    assert refusal("/v1/models", authorization=shown) == "invalid_api_key"
    for wrong in ("Basic ", "Basic !", "Basic " + base64.b64encode(b"me:wrong").decode(), "Basic bWU="):
        assert refusal("/", authorization=wrong) == "invalid_api_key"


def test_the_key_is_not_shown_by_what_holds_it() -> None:
    assert KEY.text not in repr(KEY) + repr(GATE)


def test_a_key_is_chosen_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    first = open_key(tmp_path)
    again = open_key(tmp_path)
    assert (first.fresh, again.fresh, first.text == again.text) == (True, False, True)
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.path.parent.stat().st_mode) == 0o700
    assert os.listdir(first.path.parent) == ["key"]
    other = open_key(tmp_path, anew=True)
    assert (other.fresh, other.text == first.text) == (True, False)
    assert other.opens(other.text.encode())
    assert not other.opens(first.text.encode())


def test_a_key_that_others_could_have_read_or_put_there_is_not_used(tmp_path: Path) -> None:
    path = open_key(tmp_path).path
    path.chmod(0o640)
    with pytest.raises(ClientError, match="others can read"):
        open_key(tmp_path)
    path.chmod(0o600)
    path.write_text("short\n")
    with pytest.raises(ClientError, match="holds no key"):
        open_key(tmp_path)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ClientError):
        open_key(tmp_path)


def test_it_listens_on_this_machine_alone_and_on_every_address_of_it() -> None:
    made = bound(0)
    try:
        names = {one.getsockname()[0] for one in made}
        assert names <= {"127.0.0.1", "::1"}
        assert "127.0.0.1" in names
        assert len({one.getsockname()[1] for one in made}) == 1
        with pytest.raises(ClientError):
            bound(made[0].getsockname()[1])
    finally:
        for one in made:
            one.close()


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_it_does_not_start_beside_somebody_who_waits_at_the_other_address() -> None:
    try:
        stranger = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6 address of its own")
    with stranger, pytest.raises(ClientError, match="port_in_use"):
        bound(stranger.getsockname()[1])


def messages(*texts: str) -> list[object]:
    """Turns of a chat."""
    return [{"role": "user", "content": text} for text in texts]


def test_a_conversation_is_known_by_all_that_was_said_and_used_by_one_at_a_time() -> None:
    known, node = Conversations(), FakeNode().verified()
    chain = known.take("m", messages("a"))
    chain.start(node, Session(bytes(16), bytes(8), ChainKey(bytes(32)), 600), now=0)
    known.keep("m", messages("a"), chain)
    assert known.take("m", messages("b", "a")) is not chain
    assert known.take("other", messages("a", "b")) is not chain
    assert known.take("m", messages("a", "b", "c")) is chain
    assert known.take("m", messages("a", "b", "c")) is not chain


def test_conversations_are_bounded_and_one_without_a_session_is_not_kept() -> None:
    known, node = Conversations(), FakeNode().verified()
    known.keep("m", messages("a"), known.take("m", messages("a")))
    assert len(known) == 0
    for number in range(MOST + 5):
        chain = known.take("m", messages(str(number)))
        chain.start(node, Session(bytes(16), bytes(8), ChainKey(bytes(32)), 600), now=0)
        known.keep("m", messages(str(number)), chain)
    assert len(known) == MOST


def test_kept_responses_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_responses, "MOST_BYTES", 3000)
    kept = KeptResponses()
    large = [{"role": "user", "content": "x" * 1000}]
    for name in ("a", "b", "c"):
        kept.keep(name, large, {"id": name})
    assert kept.told("a") is None
    assert kept.messages("c") == tuple(large)
    assert kept.forget("c")
    assert not kept.forget("c")
