"""Tokens: vectors of the RFCs and our own, properties, and what hostile bytes come to."""

import hashlib
import json

import make_token_vectors as maker
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from issuer_keys import ISSUER
from privity_protocol import token, token_request
from privity_protocol.errors import Malformed, NotAuthentic, PrivityError
from shared_vectors import OWN, shared

CASES = json.loads((OWN / "token/cases.json").read_text())["cases"]
KEY = token.PublicKey.of(ISSUER.n)
DIGEST = hashlib.sha256(maker.CHALLENGE).digest()
GOOD = maker.drawn(maker.FACTOR)[2]


@pytest.mark.parametrize("one", CASES, ids=lambda one: one["id"])
def test_a_case_gives_what_it_expects(one) -> None:
    if "ok" in one["expect"]:
        assert maker.operation(one["op"], one["input"]) == one["expect"]["ok"]
        return
    with pytest.raises(PrivityError) as caught:
        maker.operation(one["op"], one["input"])
    assert caught.value.reason == one["expect"]["error"]


def test_the_file_is_the_one_that_the_script_writes() -> None:
    assert (OWN / "token/cases.json").read_text() == maker.made()


def test_most_cases_are_refused() -> None:
    assert sum("error" in one["expect"] for one in CASES) > 2 * len(CASES) // 3


def test_the_vectors_of_rfc_9578() -> None:
    entries = shared("privacypass/rfc9578-type2-go.json")
    assert len(entries) == 5
    for entry in entries:
        read = {name: bytes.fromhex(value) for name, value in entry.items()}
        key = token.PublicKey.decode(read["pkS"])
        drawn = iter([read["nonce"], read["salt"], read["blind"]])
        pending, request = token_request.begin(key, read["token_challenge"], lambda _size, given=drawn: next(given))
        assert request == read["token_request"]
        assert token.decode_request(request, key) == request[3:]
        made = pending.finish(read["token_response"])
        assert made.encode() == read["token"]
        digest = hashlib.sha256(read["token_challenge"]).digest()
        assert token.verify(read["token"], {key.key_id: key}, challenge_digest=digest) == made


def test_the_vectors_of_rfc_9474() -> None:
    """Of 4,096 bits: encoding and blinding are the same lines for any size."""
    entries = shared("blindrsa/rfc9474.json")
    assert len(entries) == 2
    for entry in entries:
        n, inverse = int(entry["n"], 16), int(entry["inv"], 16)
        encoded = token_request.emsa_pss(bytes.fromhex(entry["input_msg"]), bytes.fromhex(entry["salt"]), 512)
        factor = pow(inverse, -1, n).to_bytes(512)
        found, blinded = token_request.blind(n, encoded, lambda _size, factor=factor: factor)
        assert (found, blinded.hex()) == (inverse, entry["blinded_msg"])
        signature = int(entry["blind_sig"], 16) * found % n
        assert signature.to_bytes(512).hex() == entry["sig"]
        assert pow(signature, 65_537, n) == int.from_bytes(encoded)


def test_the_kept_half_shows_nothing_of_itself() -> None:
    pending, _ = token_request.begin(KEY, maker.CHALLENGE, lambda size: b"\x01" * size)
    assert repr(pending) == "Pending(secret)"


@settings(max_examples=15)
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=48, max_size=48), st.binary(min_size=255, max_size=255))
def test_what_is_drawn_is_accepted_and_fits_every_request(nonce: bytes, salt: bytes, factor: bytes) -> None:
    drawn = iter([nonce, salt, b"\0" + factor[:-1] + b"\x01"])
    pending, request = token_request.begin(KEY, maker.CHALLENGE, lambda _size: next(drawn))
    made = pending.finish(ISSUER.answer(request)).encode()
    read = token.verify(made, {KEY.key_id: KEY}, challenge_digest=DIGEST)
    assert read.nonce == nonce
    # Unlinkable whatever the issuer kept: some factor leads from this request to a token that was drawn elsewhere.
    elsewhere, here = int.from_bytes(GOOD[98:]), ISSUER.sign(int.from_bytes(request[3:]))
    leads = here * pow(elsewhere, -1, ISSUER.n) % ISSUER.n
    message = pow(elsewhere, 65_537, ISSUER.n)
    assert message * pow(leads, 65_537, ISSUER.n) % ISSUER.n == int.from_bytes(request[3:])


@settings(max_examples=60)
@given(st.integers(0, 353), st.integers(1, 255))
def test_no_changed_byte_is_accepted(at: int, change: int) -> None:
    data = bytearray(GOOD)
    data[at] ^= change
    with pytest.raises((Malformed, NotAuthentic)):
        token.verify(bytes(data), {KEY.key_id: KEY}, challenge_digest=DIGEST)


@settings(max_examples=100)
@given(st.binary(max_size=400) | st.binary(min_size=354, max_size=354) | st.binary(min_size=342, max_size=342))
def test_arbitrary_bytes_come_to_a_documented_refusal(data: bytes) -> None:
    steps = (
        lambda: token.verify(data, {KEY.key_id: KEY}, challenge_digest=DIGEST),
        lambda: token.PublicKey.decode(data),
        lambda: token.decode_request(data, KEY),
        lambda: token_request.begin(KEY, maker.CHALLENGE, lambda size: b"\x01" * size)[0].finish(data),
    )
    for step in steps:
        with pytest.raises(PrivityError):
            step()


def test_a_message_that_shares_a_factor_with_the_modulus_is_not_blinded() -> None:
    with pytest.raises(Malformed, match="key"):
        token_request.blind(ISSUER.n, (3 * ISSUER.p).to_bytes(256), lambda size: b"\x01" * size)
