"""The OpenAPI document says what is served: a fuzzer reads it and sends what it allows and what it does not."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from account_stand import Stand, run, stand_on
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from member import Member
from privity_service.accounts.application import application
from privity_service.accounts.openapi import document
from privity_service.accounts.operations import OPERATIONS
from privity_service.accounts.problem import STATUS
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ENDS = {("DELETE", "/v1/account"), ("DELETE", "/v1/access")}
"""With a token these would end what the others need; the contract tries them."""
EXAMPLES = 12


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A service that counts nothing, else a fuzzer would hear of limits alone."""
    folder: Path = tmp_path_factory.mktemp("fuzz")
    made = stand_on(f"sqlite:///{folder}/accounts.db")
    made.house.counters.take = lambda *_: None  # type: ignore[method-assign]
    yield made
    made.house.database.close()


@pytest.fixture(scope="module")
def token(stand: Stand) -> str:
    """A token that suffices for everything."""

    async def scenario() -> str:
        async with stand.client() as client:
            member = Member(client)
            assert (await member.create()).status_code == 201
            return member.device.token

    return run(scenario())


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
def test_what_is_answered_is_what_the_document_says(stand: Stand, token: str, operation) -> None:
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", application(stand.house))
    described = schema[operation.path][operation.method]
    cases = st.one_of(
        described.as_strategy(generation_mode=GenerationMode.POSITIVE),
        described.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )
    headers = {} if (operation.method, operation.path) in ENDS else {"authorization": f"Bearer {token}"}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def fuzz(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    fuzz()


def test_the_document_names_every_route_and_every_reason() -> None:
    paths = document()["paths"]
    served = {(one.method.lower(), one.path) for one in OPERATIONS} | {("get", "/v1/events")}
    assert {(method, path) for path, methods in paths.items() for method in methods} == served
    named = {
        reason
        for methods in paths.values()
        for described in methods.values()
        for answer in described["responses"].values()
        for reason in answer["description"].split(", ")
    }
    assert STATUS.keys() - named == {"request.unknown", "request.method", "service.failed"}
    assert named - STATUS.keys() == {"Done", "A stream"}


def test_the_reasons_are_those_of_the_specification() -> None:
    text = (Path(__file__).resolve().parents[3] / "specs/service-api.md").read_text()
    rows = text.split("## Reasons")[1].split("##")[0].splitlines()
    listed = {row.split("|")[1].strip(): row.split("|")[2] for row in rows if row.startswith("| ") and "`" in row}
    assert {reason: int(status) for status, cell in listed.items() for reason in cell.split("`")[1::2]} == STATUS


def test_every_route_of_the_specification_is_served() -> None:
    text = (Path(__file__).resolve().parents[3] / "specs/service-api.md").read_text()
    written = {
        (method, re.sub(r"[?].*", "", path))
        for method, path in re.findall(r"`(GET|POST|PUT|DELETE) (/v1/[^` ]+)`", text)
    }
    shown = {(one.method, re.sub(r"{(\w+)}", lambda found: found[1].upper(), one.path)) for one in OPERATIONS} | {
        ("GET", "/v1/events"),
        ("GET", "/v1/openapi.json"),
    }
    assert written == shown
