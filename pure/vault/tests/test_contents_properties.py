"""Contents: any bytes at all are a content that is written the same, or give a listed reason; nothing shows itself."""

import contextlib

import cases_contents
import pytest
from history_operations import content_of, data_of
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_protocol import cbor
from privity_vault.contents import kinds
from privity_vault.contents.chat import Role, State, Text
from privity_vault.contents.schema import Kind, Part
from privity_vault.errors import VaultError
from test_vault_properties import near

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2**53 - 1), st.binary(max_size=33), st.text(max_size=9)),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", sorted(Kind), ids=lambda one: one.name.lower())
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_content_that_is_read_is_written_the_same(kind, data) -> None:
    members = list(cases_contents.GOOD[kind])
    replaced = st.integers(0, len(members) - 1).flatmap(
        lambda at: VALUES.map(lambda value: cases_contents.encoded([*members[:at], value, *members[at + 1 :]]))
    )
    tried = data.draw(st.one_of(near(cases_contents.BLOBS[f"kind{kind}"]), replaced, st.binary(max_size=60)))
    with contextlib.suppress(VaultError):
        assert data_of(content_of(kind, tried)) == tried


@pytest.mark.parametrize("kind", sorted(Kind), ids=lambda one: one.name.lower())
def test_no_content_shows_what_it_holds(kind) -> None:
    content = kinds.decode(kind, cbor.decode(cases_contents.BLOBS[f"kind{kind}"]))
    assert repr(content) == f"{type(content).__name__}(<private>)"


def test_no_part_shows_what_it_holds() -> None:
    node = content_of(Kind.NODE, cases_contents.BLOBS["kind2"])
    assert {repr(part) for part in node.parts} == {f"{one.__name__}(<private>)" for one in Part.__subclasses__()}


def test_every_kind_has_a_schema_and_one_place() -> None:
    assert set(kinds.SCHEMAS) == set(Kind) == kinds.IN_CHAT | kinds.AT_HOME
    assert set() == kinds.IN_CHAT & kinds.AT_HOME


def test_half_of_a_character_is_not_written() -> None:
    node = content_of(Kind.NODE, cases_contents.BLOBS["kind2"])
    broken = type(node)(node.chat, None, Role.USER, (Text("\ud800"),), None, None, State.COMPLETE, 0)
    with pytest.raises(VaultError, match="half of a character"):
        kinds.encode(broken)


def test_a_content_of_no_type_that_is_written_is_refused() -> None:
    node = content_of(Kind.NODE, cases_contents.BLOBS["kind2"])
    broken = type(node)(node.chat, None, Role.USER, (1.5,), None, None, State.COMPLETE, 0)
    with pytest.raises(VaultError, match="of type float"):
        kinds.encode(broken)
