"""The negative tests that the design demands of the channel: where each is, so that none gets lost."""

import pytest
from shared_vectors import ROOT
from test_channel_vectors import CASES

VECTORS = {
    "wrong node document with the same kid": ["hello-request-document-same-kid"],
    "HELLO with a reserved byte set": ["hello-request-reserved-14", "hello-request-reserved-first"],
    "RUN truncated at each record": ["run-no-records", "run-after-record-1", "run-after-record-2", "run-in-record-1"],
    "response after CLOSE": ["response-data-after-close", "response-byte-after-close", "response-close-twice"],
    "record size changed": ["response-size-changed", "response-size-2048"],
    "duplicate JSON members": ["json-duplicate", "header-duplicate", "lines-duplicate", "chat-duplicate"],
    "response truncated at each record": [f"response-after-{count}" for count in range(1, 6)],
}
ELSEWHERE = {
    "one session key used from several threads": (
        "test_channel_states.py",
        "test_of_many_threads_one_gets_the_chain_key",
    ),
    "expired by one second": ("test_binding_directory.py", "test_a_window_admits_exactly_its_seconds"),
}


@pytest.mark.parametrize("demand", VECTORS)
def test_the_demanded_cases_exist_and_must_fail(demand: str) -> None:
    expectations = {case["id"]: case["expect"] for _, case in CASES}
    assert all("error" in expectations[identifier] for identifier in VECTORS[demand])


@pytest.mark.parametrize("demand", ELSEWHERE)
def test_the_demanded_test_exists(demand: str) -> None:
    name, function = ELSEWHERE[demand]
    assert f"def {function}" in (ROOT / "pure/protocol/tests" / name).read_text()
