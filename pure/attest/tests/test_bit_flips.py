"""Any flipped bit, and any bytes at all: refused for listed reasons, never accepted, never another error."""

import random

import pytest
from appraising import appraised, record_of
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_attest.errors import STAGE_OF, Refused
from privity_attest.testing.bundle import Enclave, Hooks
from privity_protocol import evidence

HONEST = Enclave().build()
SEED = 20_261_121
STRIDE = 7
"""Every seventh byte of the bundle with one seeded bit: the whole run takes seconds, each run the same bytes."""


def known(reasons: tuple[str, ...]) -> bool:
    return bool(reasons) and all(reason.split(":")[0] in STAGE_OF for reason in reasons)


def test_a_flipped_bit_of_the_bundle_is_never_accepted() -> None:
    drawn = random.Random(SEED)
    for at in range(drawn.randrange(STRIDE), len(HONEST.data), STRIDE):
        data = bytearray(HONEST.data)
        data[at] ^= 1 << drawn.randrange(8)
        with pytest.raises(Refused) as caught:
            appraised(bytes(data))
        assert known(caught.value.reasons), at


@pytest.mark.parametrize("label", sorted(HONEST.items))
def test_a_flipped_bit_inside_an_item_is_never_accepted(label) -> None:
    """The container stays sound, so that what is inside is reached."""
    drawn = random.Random(SEED + len(label))
    media_type, original = HONEST.items[label]
    for _ in range(60):
        data = bytearray(original)
        data[drawn.randrange(len(data))] ^= 1 << drawn.randrange(8)
        bundle = evidence.encode({**HONEST.items, label: (media_type, bytes(data))})
        with pytest.raises(Refused) as caught:
            appraised(bundle)
        assert known(caught.value.reasons)
        assert not caught.value.reasons[0].startswith("bundle_")


@pytest.mark.parametrize("label", sorted(HONEST.items))
def test_an_item_cut_at_any_place_is_refused(label) -> None:
    media_type, original = HONEST.items[label]
    for size in {0, 1, 2, len(original) // 2, len(original) - 1}:
        bundle = evidence.encode({**HONEST.items, label: (media_type, original[:size])})
        assert known(record_of(bundle).reasons)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_as_a_bundle_give_listed_reasons(data) -> None:
    assert known(record_of(data).reasons)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(HONEST.items)), st.binary(max_size=300))
def test_any_bytes_as_an_item_give_listed_reasons(label, data) -> None:
    bundle = evidence.encode({**HONEST.items, label: (HONEST.items[label][0], data)})
    assert known(record_of(bundle).reasons)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_signed_payload_gives_listed_reasons(payload) -> None:
    data = Enclave().build(Hooks(cose=lambda array: [*array[:2], payload, array[3]])).data
    assert known(record_of(data).reasons)
