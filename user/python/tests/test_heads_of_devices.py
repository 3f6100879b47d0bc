"""What the devices of an account saw of its service's public logs: held against each other, in the terminal."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from privity_client import fetch
from privity_client.cli.account import heads
from privity_client.cli.account.heads import Compared
from privity_client.history import edits
from privity_client.history.replica import Replica
from privity_client.testing import fake_log
from privity_client.testing.fake_log import Deployment, pin
from privity_client.trust import pins
from privity_client.trust.server import open_server
from privity_protocol.errors import PrivityError
from privity_tlog.errors import TlogError
from privity_tlog.leaves.revocations import Revocations
from privity_vault.clock import Stamp
from privity_vault.contents.proof import View
from privity_vault.contents.schema import Field

sys.path.insert(0, str(Path(__file__).parent))  # modules beside the tests, under import mode importlib

from test_trust_server import URL, Web

Seen = tuple[tuple[str, bytes], ...]


def held(mine: Replica, web: Web, home: Path) -> Seen:
    """What this machine sees of the service's logs, after it was held against what the others showed."""
    pins.write(pins.folder(home, URL), pin())

    async def go() -> Seen:
        async with fetch.new_client(URL, httpx.MockTransport(web.answer)) as client:
            server = open_server(client, URL, home)
            await server.refresh(now=web.made.now)
            seen = server.checkpoints
            await heads.hold(mine, server)
            return seen

    return asyncio.run(go())


def shows(mine: Replica, device: bytes, seen: Seen) -> None:
    """Another device of the account wrote its view, and this one has read it."""
    stamp = Stamp(mine.now(), 0, device)
    view = View(device, Field(seen, stamp), Field((), stamp))
    edits.put(mine, view, box=mine.home, id_=mine.entropy(16))


def own(mine: Replica) -> list[View]:
    return [one for one in edits.views(mine) if one.device == mine.opened.device]


def other_history() -> Web:
    return Web(Deployment(revoked=Revocations(fake_log.NOW, (bytes(32),), (), ())).build())


def test_devices_that_were_shown_one_history_agree_and_show_it_once_a_day(replica: Replica, tmp_path: Path) -> None:
    web = Web(Deployment().build())
    seen = held(replica, web, tmp_path / "one")
    shows(replica, bytes([7] * 16), seen)
    assert held(replica, web, tmp_path / "one") == seen
    (view,) = own(replica)
    assert view.checkpoints.value == seen
    before = len(replica.store.waiting())
    held(replica, web, tmp_path / "one")
    assert len(replica.store.waiting()) == before


def test_devices_that_were_shown_two_histories_notice(replica: Replica, tmp_path: Path) -> None:
    shows(replica, bytes([7] * 16), held(replica, other_history(), tmp_path / "elsewhere"))
    with pytest.raises(TlogError, match=r"split_view|consistency"):
        held(replica, Web(Deployment().build()), tmp_path / "here")
    assert list((pins.folder(tmp_path / "here", URL) / "evidence").iterdir())


def test_what_this_device_showed_itself_is_not_held_against_it(replica: Replica, tmp_path: Path) -> None:
    held(replica, other_history(), tmp_path / "before")
    held(replica, Web(Deployment().build()), tmp_path / "after")


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (Compared(0), ""),
        (Compared(0, TlogError("checkpoint_stale")), ""),
        (Compared(1), "1 other device saw the same public logs"),
        (Compared(2, TlogError("checkpoint_stale")), "not compared with what your other devices saw: checkpoint_stale"),
        (
            Compared(2, TlogError("split_view", "\x1b[2J")),
            "logs that contradict each other.\n  split_view: ",
        ),
    ],
)
def test_what_came_of_it_is_said(result: Compared, words: str) -> None:
    said = heads.in_words(result).plain
    assert words in said
    assert bool(said) == bool(words)
    assert "\x1b" not in said
    assert result.convicts == ("contradict" in words)


def test_without_a_pin_nothing_is_claimed(replica: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    from privity_client.history.session import Session

    asked: list[str] = []
    make: Callable[..., httpx.AsyncClient] = fetch.new_client
    refuse = httpx.MockTransport(lambda request: asked.append(str(request.url)) or httpx.Response(500))  # type: ignore[func-returns-value]
    monkeypatch.setattr(fetch, "new_client", lambda url: make(url, refuse))
    shows(replica, bytes([7] * 16), (("log.example/keys", b"note"),))
    result = asyncio.run(heads.compared(Session(replica, None, None)))  # type: ignore[arg-type]
    assert isinstance(result.problem, PrivityError)
    assert (result.devices, result.problem.reason, result.convicts, asked) == (1, "not_pinned", False, [])
