"""Node documents, directories and outer errors: what is encoded is what is decoded, and windows end on the second."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_protocol import admission, binding, directory
from privity_protocol.errors import REASONS, Expired, Malformed
from privity_protocol.limits import MAX_TRIES
from privity_protocol.platform import Platform
from vector_evidence import DOCUMENT, ENTRY, EXP, NBF, SECOND

DIRECTORY = directory.Directory(NBF, NBF + 1, bytes(32), (ENTRY, SECOND))


def test_a_document_survives_its_encoding() -> None:
    for document in (DOCUMENT, replace(DOCUMENT, dev=bytes(32), nonce=bytes(32), prof=("p2",))):
        assert binding.decode(binding.encode(document)) == document


@pytest.mark.parametrize(
    "change",
    [
        {"pk": bytes(1215)},
        {"node": b""},
        {"plat": Platform("abacus", bytes(32))},
        {"rel": bytes(31)},
        {"prof": ()},
        {"deploy": "é"},
        {"egress": "Any"},
        {"nonce": bytes(31)},
        {"dev": b""},
        {"exp": -1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_document_that_would_be_refused_is_not_written(change) -> None:
    with pytest.raises(Malformed):
        binding.encode(replace(DOCUMENT, **change))


@given(st.integers(0, 2**40), st.integers(-10, 10_000), st.integers(-20_000, 20_000))
def test_a_window_admits_exactly_its_seconds(nbf, length, offset) -> None:
    document, now = replace(DOCUMENT, nbf=nbf, exp=nbf + length), nbf + offset
    admitted = 0 < length <= 7200 and -300 <= offset < length
    assert admitted == (binding.window_faults(document, now) == ())


def test_checking_a_window_raises_its_first_fault() -> None:
    binding.check_window(DOCUMENT, NBF)
    with pytest.raises(Expired, match="key_expired"):
        binding.check_window(DOCUMENT, EXP)
    with pytest.raises(Expired, match="key_not_yet_valid"):
        binding.check_window(DOCUMENT, NBF - 301)
    with pytest.raises(Expired, match="key_lifetime"):
        binding.check_window(replace(DOCUMENT, exp=NBF + 7201), NBF)


def test_the_device_nonce_depends_on_key_boot_and_challenge() -> None:
    base = {"pk": DOCUMENT.pk, "node": DOCUMENT.node, "nonce": None}
    others = ({"pk": bytes(1216)}, {"node": bytes(16)}, {"nonce": bytes(32)})
    nonces = {binding.device_nonce(**{**base, **other}) for other in ({}, *others)}
    assert len(nonces) == 4


def test_a_directory_survives_its_encoding() -> None:
    assert directory.decode(directory.encode(DIRECTORY)) == DIRECTORY
    assert directory.decode(directory.encode(replace(DIRECTORY, prev=None))).prev is None


@pytest.mark.parametrize(
    "change",
    [
        {"nodes": (SECOND, ENTRY)},
        {"nodes": (ENTRY, ENTRY)},
        {"exp": NBF},
        {"prev": b""},
        {"nodes": (replace(ENTRY, w=9),)},
    ],
    ids=str,
)
def test_a_directory_that_would_be_refused_is_not_written(change) -> None:
    with pytest.raises(Malformed):
        directory.encode(replace(DIRECTORY, **change))


def test_a_directory_holds_at_most_its_number_of_nodes() -> None:
    nodes = tuple(
        replace(ENTRY, nd=index.to_bytes(32), plat=Platform("tdx", bytes(32)), cap=("a",)) for index in range(251)
    )
    assert len(directory.decode(directory.encode(replace(DIRECTORY, nodes=nodes[:250]))).nodes) == 250
    with pytest.raises(Malformed, match="member_value"):
        directory.encode(replace(DIRECTORY, nodes=nodes))


@given(st.binary(max_size=80))
def test_any_bytes_give_a_documented_reason(data) -> None:
    for decode in (binding.decode, directory.decode):
        with pytest.raises(Malformed) as caught:
            decode(data)
        assert caught.value.reason in REASONS


def test_every_outer_error_says_what_a_client_may_do() -> None:
    for error in admission.OuterError:
        assert admission.reactions(error, sent=1)
        assert admission.reactions(error, sent=MAX_TRIES) == {admission.Reaction.GIVE_UP}
        assert admission.from_status(error.value) is error
