"""Whatever a vendor answers, a run ends with listed reasons, and nothing that was stored is lost."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_pki import NOW
from image_rim import manifest, signers
from image_run import Stand
from image_server import Reply, Vendors
from image_worlds import DCAP, SNP, VCEK_PATH, amd, device, devices, intel, pairs, question, rim_answer, roots, status
from privity_image.collateral import run
from privity_image.collateral.download import Answer, Download
from privity_image.collateral.subject import Subject
from privity_image.errors import REASONS, Failed

RIM = "NV_1"


class Canned(Download):
    """A download whose answers are at hand: a hostile byte costs no connection."""

    def __init__(self, vendors: Vendors) -> None:
        self.vendors = vendors

    async def get(self, url: str, *, limit: int, accept: str = "*/*") -> Answer:
        """The answer by path."""
        return self._taken(self.vendors.reply(url.removeprefix(self.vendors.address), b""))

    async def post(self, url: str, body: bytes, *, content_type: str, limit: int) -> Answer:
        """The answer by body."""
        return self._taken(self.vendors.reply(url, body))

    def _taken(self, reply: Reply) -> Answer:
        if reply.status != 200:
            raise Failed("not_found", "")
        return Answer(reply.body, {name.lower(): text for name, text in reply.headers.items()})


def world() -> Vendors:
    """Every vendor's good answers."""
    vendors = Vendors()
    vendors.replies |= intel().answers() | amd().answers() | {VCEK_PATH: Reply(amd().vcek())}
    vendors.replies |= {f"/v1/rim/{RIM}": rim_answer(RIM, manifest())}
    vendors.bodies |= {question(*one): Reply(status(*one)) for one in pairs(device())}
    return vendors


GOOD = world()
PLACES = [*(one for one in GOOD.replies if "vlek" not in one), *GOOD.bodies]


def outcomes(folder: Path, vendors: Vendors) -> dict[str, Failed | None]:
    """One run over all vendors."""
    stand = Stand(folder, vendors, Subject(dcap=DCAP, sev_snp=SNP, devices=devices()), rims=(RIM,))
    mine = roots(signers()[-1].pins)
    found = run.fetch(stand.settings, stand.folder, Canned(vendors), roots=mine, now=NOW)
    return dict(asyncio.run(found))


def changed(place: str | bytes, body: bytes, headers: dict[str, str]) -> Vendors:
    """The good world with one answer replaced."""
    vendors = Vendors()
    vendors.replies |= GOOD.replies
    vendors.bodies |= GOOD.bodies
    if isinstance(place, bytes):
        vendors.bodies[place] = Reply(body)
    else:
        vendors.replies[place] = Reply(body, headers=headers)
    return vendors


def good(place: str | bytes) -> Reply:
    """The answer of the good world."""
    found = GOOD.bodies[place] if isinstance(place, bytes) else GOOD.replies[place]
    assert isinstance(found, Reply)
    return found


def test_the_good_world_is_good(tmp_path) -> None:
    found = outcomes(tmp_path, GOOD)
    assert len(found) == 6
    assert set(found.values()) == {None}


@pytest.mark.parametrize("empty", [b"", b"\0" * 40, b"\x30\x80" * 40, b"{}" * 40, b"[" * 4000])
def test_any_answer_may_be_nonsense(tmp_path, empty) -> None:
    for number, place in enumerate(PLACES):
        found = outcomes(tmp_path / str(number), changed(place, empty, {}))
        assert [one for one in found.values() if one is not None]
        assert {one.reason for one in found.values() if one} <= REASONS


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_any_byte_of_any_answer_may_be_changed(data) -> None:
    place = data.draw(st.sampled_from(PLACES))
    reply = good(place)
    body = bytearray(reply.body)
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.just(len(body)) | st.integers(0, len(body)))
    with tempfile.TemporaryDirectory() as folder:
        found = outcomes(Path(folder), changed(place, bytes(body[:cut]), dict(reply.headers)))
    assert {one.reason for one in found.values() if one} <= REASONS


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_header_may_be_changed(data) -> None:
    place = data.draw(st.sampled_from([one for one in PLACES if isinstance(one, str) and good(one).headers]))
    reply = good(place)
    ((name, text),) = reply.headers.items()
    at = data.draw(st.integers(0, len(text) - 1))
    other = text[:at] + data.draw(st.text(max_size=4)) + text[at + data.draw(st.integers(0, 3)) :]
    with tempfile.TemporaryDirectory() as folder:
        found = outcomes(Path(folder), changed(place, reply.body, {name: other}))
    assert {one.reason for one in found.values() if one} <= REASONS
