"""A page as an ordinary visitor gets it, and what a log says about it. Source: specs/web-delivery.md.

A server that shows checkers another page than people would be believed here. So nothing tells the two apart when the
page is fetched: the headers of a common browser, a connection of its own, no question to the log before. Everything
else hangs on the page's hash. And anybody can run this from anywhere.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

import httpx
from privity_protocol.errors import Malformed
from privity_tlog.leaves import reading, web
from privity_tlog.leaves.web import Web

from privity_client import fetch
from privity_client.errors import ClientError
from privity_client.web.headers import headers_for

MAX_FILE: Final = 16 * 2**20
"""Bytes of one file, also when it was compressed on the way."""
BROWSER: Final = {
    "user-agent": (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
    ),
    "accept-language": "en-US,en;q=0.9",
    "accept-encoding": "gzip",
}
_PAGE: Final = {
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "sec-fetch-dest": "document",
    "sec-fetch-mode": "navigate",
    "sec-fetch-site": "none",
    "sec-fetch-user": "?1",
    "upgrade-insecure-requests": "1",
}
_PART: Final = {"accept": "*/*", "sec-fetch-dest": "script", "sec-fetch-mode": "cors", "sec-fetch-site": "same-origin"}

State = Literal["same", "differs", "missing"]


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it came from `origin`."""

    origin: str
    data: bytes
    headers: httpx.Headers

    @property
    def digest(self) -> bytes:
        """Return its SHA-256, by which a log knows it."""
        return sha256(self.data).digest()


@dataclass(frozen=True, slots=True)
class Logged:
    """A `web` leaf of a release log and its place in it."""

    index: int
    web: Web


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: `logged` None means that no leaf has this page; `files` then is empty.

    `headers` names each header that is not what the page must have, with what came instead (None: nothing).
    """

    digest: bytes
    logged: Logged | None
    newest: Logged | None
    files: Mapping[str, State]
    headers: Mapping[str, str | None]

    @property
    def whole(self) -> bool:
        """Whether the page is a logged build, file by file, under the headers that hold it together."""
        return self.logged is not None and not self.headers and all(one == "same" for one in self.files.values())


def builds(leaves: Sequence[bytes]) -> list[Logged]:
    """Return the web builds among the leaves of a release log, oldest first; a malformed one counts as none."""
    found: list[Logged] = []
    for index, leaf in enumerate(leaves):
        try:
            if reading.kind_of(leaf) == web.KIND:
                found.append(Logged(index, web.decode(leaf)))
        except Malformed:
            continue
    return found


async def page(client: httpx.AsyncClient, url: str) -> Page:
    """Fetch the page of a server as a browser does. Raises ClientError."""
    address = f"{url.rstrip('/')}/"
    status, data, headers = await _get(client, address, _PAGE)
    if status != 200:
        raise ClientError("not_privity", f"{address} answered {status}")
    return Page(url.rstrip("/"), data, headers)


async def check(client: httpx.AsyncClient, seen: Page, logged: Sequence[Logged], reached: Sequence[str]) -> Checked:
    """Compare a page with what was logged, and fetch and compare all its files.

    `reached` are the origins that the page may reach beside its own. Raises ClientError.
    """
    newest = logged[-1] if logged else None
    found = next((one for one in reversed(logged) if one.web.files[web.INDEX] == seen.digest), None)
    if found is None:
        return Checked(seen.digest, None, newest, {}, {})
    files: dict[str, State] = {}
    for path, wanted in sorted(found.web.files.items()):
        files[path] = "same" if path == web.INDEX else await _state(client, f"{seen.origin}/{path}", wanted)
    return Checked(seen.digest, found, newest, files, _wrong(seen, reached))


async def _state(client: httpx.AsyncClient, address: str, wanted: bytes) -> State:
    status, data, _ = await _get(client, address, _PART)
    if status != 200:
        return "missing"
    return "same" if sha256(data).digest() == wanted else "differs"


def _wrong(seen: Page, reached: Sequence[str]) -> dict[str, str | None]:
    due = headers_for(seen.data, reached)
    return {name: seen.headers.get(name) for name, value in due.items() if seen.headers.get(name) != value}


async def _get(client: httpx.AsyncClient, address: str, own: Mapping[str, str]) -> tuple[int, bytes, httpx.Headers]:
    """Return status, body and headers. Raises ClientError `unreachable`, `too_much`."""
    try:
        async with client.stream("GET", address, headers={**BROWSER, **own}) as response:
            packed = await fetch.read_bounded(response, MAX_FILE)
            return response.status_code, _unpacked(packed, response.headers), response.headers
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ClientError("unreachable", f"{address} ({type(error).__name__})") from error


def _unpacked(data: bytes, headers: httpx.Headers) -> bytes:
    """Undo gzip, bounded. Raises ClientError `too_much`, `bad_answer`."""
    coding = headers.get("content-encoding", "identity")
    if coding == "identity":
        return data
    if coding != "gzip":
        raise ClientError("bad_answer", f"content-encoding {coding[:32]}, which nobody asked for")
    try:
        reader = zlib.decompressobj(wbits=31)
        plain = reader.decompress(data, MAX_FILE + 1)
    except zlib.error as error:
        raise ClientError("bad_answer", "the compressed answer cannot be read") from error
    if len(plain) > MAX_FILE or not reader.eof:
        raise ClientError("too_much", f"more than {MAX_FILE} bytes")
    return plain
