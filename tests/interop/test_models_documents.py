"""What the enclave writes about its models is what a verifier reads, and nothing else is."""

import hashlib
import json
from pathlib import Path

import pytest
from privity_attest.release import decode_models
from privity_protocol.errors import Malformed

CASES = json.loads((Path(__file__).resolve().parents[2] / "vectors/models/cases.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_verifier_reads_the_vectors(case) -> None:
    data = case["document"].encode()
    if case["outcome"] == "refused":
        with pytest.raises(Malformed):
            decode_models(data)
        return
    assert hashlib.sha256(data).hexdigest() == case["sha256"]
    written = json.loads(data)["models"]
    assert [model.id for model in decode_models(data)] == [entry["id"] for entry in written]
    assert [[digest.hex() for digest in model.sha256] for model in decode_models(data)] == [
        entry["sha256"] for entry in written
    ]
