"""Any bytes at all are read, or give a listed reason; what is read is written the same; secrets show nothing."""

import contextlib
import pickle

import cases_export
import cases_object
import cases_page
import cases_pairing
import pytest
import vault_material as m
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_protocol.errors import Malformed
from privity_protocol.stored import keyring as stored_keyring
from privity_protocol.stored import members
from privity_protocol.stored import page as stored_page
from privity_vault import box, object, opener, page, pairing, passphrase, recovery, share
from privity_vault.errors import VaultError
from privity_vault.export import listing, manifest
from privity_vault.keyring import Claim, accept_next
from privity_vault.page import SignedPage

READERS = {
    "record": (opener.encode(m.PASSKEY_RECORD), opener.decode, opener.encode),
    "passphrase": (opener.encode(m.PASSPHRASE_RECORD), opener.decode, opener.encode),
    "keyring": (m.CLAIM3.public, stored_keyring.decode, stored_keyring.encode),
    "page": (cases_page.SECOND.data, stored_page.decode, stored_page.encode),
    "card": (cases_pairing.CARD, pairing.decode_card, pairing.encode_card),
    "answer": (cases_pairing.REPLIED.raw, pairing.decode_answer, pairing.encode_answer),
    "manifest": (cases_export.MANIFEST, manifest.decode, manifest.encode),
}
SECRETS = [m.AK1, m.PASSKEY, m.LETTERS, m.DEVICE_SECRET, m.STRETCHED, cases_export.WORDS, cases_pairing.SECRET]


@st.composite
def near(draw: st.DrawFn, good: bytes) -> bytes:
    """`good` with a byte changed, put in or taken away, or with its end cut off."""
    at, how = draw(st.integers(0, len(good) - 1)), draw(st.integers(0, 3))
    byte = draw(st.binary(min_size=1, max_size=1))
    return good[:at] + (byte + good[at + 1 :], byte + good[at:], good[at + 1 :], b"")[how]


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_reader_accepts_only_what_it_would_write(name, data) -> None:
    good, read, written = READERS[name]
    tried = data.draw(st.one_of(near(good), st.binary(max_size=200)))
    with contextlib.suppress(VaultError, Malformed):
        assert written(read(tried)) == tried


@settings(max_examples=80, deadline=None)
@given(body=st.one_of(near(cases_object.BODY), near(cases_object.BOX_BODY), st.binary(max_size=700)))
def test_a_changed_body_never_opens(body) -> None:
    if body in (cases_object.BODY, cases_object.BOX_BODY):
        return
    with pytest.raises(VaultError):
        object.open_body(body, kind=2, place=cases_object.PLACE, key=cases_object.KEY, generation=1)
    with pytest.raises(VaultError):
        box.open_box(body, m.KEYS1, account=m.ACCOUNT, id_=cases_object.CHAT, version=1)


@settings(max_examples=80, deadline=None)
@given(
    data=near(cases_page.FIRST.data), signature=st.one_of(st.just(cases_page.FIRST.signature), st.binary(max_size=70))
)
def test_a_changed_page_is_never_accepted(data, signature) -> None:
    if data == cases_page.FIRST.data and signature == cases_page.FIRST.signature:
        return
    with pytest.raises(VaultError):
        page.accept(m.memory(m.RING1, m.RING2).view(), SignedPage(data, signature))


@settings(max_examples=60, deadline=None)
@given(public=near(m.CLAIM2.public))
def test_a_changed_keyring_is_never_accepted(public) -> None:
    if public != m.CLAIM2.public:
        claim = Claim(public, m.CLAIM2.mac, None, m.CLAIM2.signature)
        with pytest.raises(VaultError):
            accept_next(m.trusted(m.RING1), claim, m.KEYS2)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_is_read_or_gives_a_reason(text) -> None:
    for read in (recovery.read, passphrase.read, pairing.read_link, share.read_link, listing.check_name):
        with contextlib.suppress(VaultError):
            read(text)


@settings(max_examples=60, deadline=None)
@given(entropy=st.binary(min_size=20, max_size=20))
def test_what_is_shown_is_what_is_read(entropy) -> None:
    letters, words = recovery.make(entropy), passphrase.make(entropy[:10])
    assert recovery.read(recovery.written(letters)) == letters
    assert passphrase.read(passphrase.written(words)) == words


def test_no_document_is_decoded_beyond_its_size() -> None:
    with pytest.raises(Malformed, match="too_large"):
        members.decode(cases_page.FIRST.data, 10, len(cases_page.FIRST.data) - 1)


@pytest.mark.parametrize("secret", SECRETS, ids=lambda one: type(one).__name__)
def test_no_secret_shows_itself(secret) -> None:
    assert repr(secret) == str(secret) == f"{type(secret).__name__}(<secret>)"


def test_no_secret_is_serialised() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(m.AK1)


def test_the_words_are_the_list_that_was_promised() -> None:
    assert len(set(passphrase.LIST)) == 2048
    assert {len(word) for word in passphrase.LIST} == {4}
