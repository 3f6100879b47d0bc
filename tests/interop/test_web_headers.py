"""Service, local mode and the checker of pages mean the same headers, files and addresses."""

from base64 import b64encode
from hashlib import sha256

import pytest
from privity_client.web import headers as client
from privity_client.web import local
from privity_service import web_client as service

MAP = b'{"integrity":{}}'
PAGE = b'<!doctype html><script type="importmap">' + MAP + b"</script>"


@pytest.mark.parametrize("reached", [[], ["https://run.example"], ["https://run.example", "https://log.example"]])
def test_the_service_sends_the_headers_that_the_checker_wants(reached: list[str]) -> None:
    own = f"'sha256-{b64encode(sha256(MAP).digest()).decode()}'"
    sent = service.WebClient({}, own).headers(reached)
    assert sent == client.headers_for(PAGE, reached)


@pytest.mark.parametrize(
    "path", ["", "devices", "link", "s/AAAAAAAAAAAAAAAAAAAAAA", "index.html", "s/a/b", "devices/", "x"]
)
def test_local_mode_opens_the_page_where_the_service_does(path: str) -> None:
    page = service.File(PAGE, None, "", "", "")
    opened = service.WebClient({service.INDEX: page}, "").at(f"/{path}") is page
    assert local._opens_the_page(path) is opened


def test_local_mode_knows_the_types_that_the_service_sends() -> None:
    assert set(local.TYPES.items()) <= set(service.TYPES.items())
