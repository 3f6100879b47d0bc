"""The operator's word for a node: each change is refused for its reason, and any bytes at all for one of them."""

import pytest
from endorsement_cases import DOCUMENT, EXP, FILE, HYBRID, HYBRID_KEY, PLAIN_KEY, PLATFORM, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from make_endorsement_vectors import made
from privity_attest import endorsement
from privity_attest.endorsement import EndorsementInvalid, FleetKey
from privity_attest.errors import STAGE_OF

ROWS = list(rows())
HONEST = endorsement.encode(HYBRID)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_an_endorsement_is_judged_as_its_table_says(row) -> None:
    _, _, item, keys, changed, due = row
    node = {"node_document": DOCUMENT, "platform": PLATFORM, "exp": EXP} | changed
    if isinstance(due, FleetKey):
        assert endorsement.verify(item, keys, **node) == due
        return
    with pytest.raises(EndorsementInvalid) as caught:
        endorsement.verify(item, keys, **node)
    assert caught.value.reason == due


def test_the_file_is_the_one_that_the_script_writes() -> None:
    assert FILE.read_text() == made(), "run make_endorsement_vectors.py"
    assert 2 * sum(isinstance(row[5], str) for row in ROWS) > len(ROWS)
    assert {str(row[5]).split(":")[0] for row in ROWS if isinstance(row[5], str)} <= STAGE_OF.keys()


def test_what_is_read_prints_as_it_was() -> None:
    assert endorsement.encode(endorsement.decode(HONEST)) == HONEST
    assert endorsement.decode(HONEST) == HYBRID


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=120) | st.tuples(st.integers(0, len(HONEST) - 1), st.integers(1, 255)))
def test_any_bytes_and_any_changed_byte_are_refused_with_a_reason(data) -> None:
    if isinstance(data, tuple):
        changed = bytearray(HONEST)
        changed[data[0]] ^= data[1]
        data = bytes(changed)
    with pytest.raises(EndorsementInvalid):
        endorsement.verify(data, (HYBRID_KEY, PLAIN_KEY), node_document=DOCUMENT, platform=PLATFORM, exp=EXP)
