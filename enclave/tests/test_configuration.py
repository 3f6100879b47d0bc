"""The configuration is closed: what it does not name does not exist, what it contradicts does not start."""

import contextlib
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_enclave import configuration
from privity_enclave.failure import StartFailed

CASES = json.loads((Path(__file__).parents[2] / "vectors/configuration/cases.json").read_text())["cases"]
VALID = CASES[0]["document"].encode()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_vectors(case: dict[str, str]) -> None:
    document = case["document"].encode()
    if case["outcome"] == "accepted":
        assert configuration.decode(document).v == 1
        assert configuration.digest(document).hex() == case["sha256"] == hashlib.sha256(document).hexdigest()
    else:
        with pytest.raises(StartFailed, match=r"^configuration: "):
            configuration.decode(document)


@given(
    st.binary(max_size=200)
    | st.builds(
        lambda at, with_: VALID[:at] + with_ + VALID[at + 1 :], st.integers(0, len(VALID)), st.binary(max_size=3)
    )
)
def test_any_bytes_are_a_configuration_or_a_documented_refusal(data: bytes) -> None:
    with contextlib.suppress(StartFailed):
        configuration.decode(data)
