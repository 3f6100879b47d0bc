"""Archives and importers: what goes out comes back, importing twice changes nothing, any document gives a reason."""

import contextlib
import json

import archive_operations
import cases_archive
import cases_importers
import pytest
import vault_material as m
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_vault import search
from privity_vault.clock import NEVER, Stamp
from privity_vault.contents import kinds
from privity_vault.contents.attachment import split
from privity_vault.contents.chat import Attached, Chat, Node, Reasoning, Role, State, Text, ToolCall, ToolResult
from privity_vault.contents.home import Prompt
from privity_vault.contents.schema import Field
from privity_vault.errors import VaultError
from privity_vault.export import archive, library, listing
from privity_vault.export.file_name import distinct
from privity_vault.export.library import Library, SavedChat, SavedFile
from privity_vault.export.listing import Listed
from privity_vault.importers import chatgpt, claude, values

IDS = st.binary(min_size=16, max_size=16)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = WORDS.filter(lambda text: len(text) > 0)
PARTS = st.one_of(
    st.builds(Text, WORDS),
    st.builds(Reasoning, WORDS),
    st.builds(Attached, IDS),
    st.builds(ToolCall, WORDS, WORDS, WORDS),
    st.builds(ToolResult, WORDS, WORDS),
)


def field(values: st.SearchStrategy) -> st.SearchStrategy:
    return values.map(lambda value: Field(value, NEVER))


@st.composite
def chats(draw: st.DrawFn) -> SavedChat:
    box = draw(IDS)
    ids = draw(st.lists(IDS, unique=True, max_size=5))
    nodes = {}
    for at, id_ in enumerate(ids):
        parent = draw(st.sampled_from([None, *ids[:at]]))
        role, state = draw(st.sampled_from(Role)), draw(st.sampled_from(State))
        nodes[id_] = Node(box, parent, role, tuple(draw(st.lists(PARTS, max_size=3))), None, (1, 2, 3), state, at)
    files = {id_: SavedFile(draw(NAMES), "a/b", None, "") for id_ in draw(st.lists(IDS, unique=True, max_size=2))}
    files = {id_: SavedFile(one.name, one.type, None, archive.path_of(id_, one.name)) for id_, one in files.items()}
    leaf = draw(st.sampled_from([None, *ids]))
    off = Field(False, NEVER)
    none = Field(None, NEVER)
    chat = Chat(draw(field(WORDS)), none, off, Field(leaf, NEVER), none, none, draw(field(WORDS)))
    return SavedChat(box, draw(st.booleans()), chat, dict(sorted(nodes.items())), files)


def _id(saved: SavedChat) -> bytes:
    return saved.id


LIBRARIES = st.builds(
    Library,
    st.integers(0, 2**32),
    st.lists(chats(), max_size=3, unique_by=_id).map(lambda found: tuple(sorted(found, key=_id))),
    st.just({}),
    st.none(),
    st.just({}),
    st.dictionaries(IDS, st.builds(Prompt, field(WORDS), field(WORDS), field(WORDS)), max_size=2),
    st.just({}),
    st.just({}),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(made=LIBRARIES)
def test_what_is_exported_is_read_and_exported_the_same(made) -> None:
    files = dict(archive.write(made, lambda id_: id_ * 3))
    listing.check([Listed(name, len(data), len(data)) for name, data in files.items()])
    _, read = archive.read(files.keys(), files.__getitem__)
    assert read == made
    assert dict(archive.write(read, lambda id_: id_ * 3)) == files


@settings(max_examples=60, deadline=None)
@given(made=LIBRARIES)
def test_an_import_is_exported_again_with_the_same_contents(made) -> None:
    """Equal but for ids, which lead back to the old ones, and for the archived state."""
    back: dict[bytes, str] = {}

    def ids(text: str) -> bytes:
        found = archive_operations.ids_of("privity")(text)
        back[found] = text.split("/")[1]
        return found

    taken = library.adopt(made, ids)
    assert library.adopt(made, ids) == taken
    assert all(one.archived for one in taken.chats)
    again = library.adopt(taken, lambda text: bytes.fromhex(back[bytes.fromhex(text.split("/")[1])]))
    held = {id_ for chat in made.chats for id_ in chat.files}
    for before, after in zip(made.chats, again.chats, strict=True):
        assert (after.id, after.chat, after.files) == (before.id, before.chat, before.files)
        for id_, node in before.nodes.items():
            parts = tuple(one for one in node.parts if not isinstance(one, Attached) or one.attachment in held)
            assert after.nodes[id_].parts == tuple(
                one for one in parts if not isinstance(one, Attached) or one.attachment in before.files
            )
            assert after.nodes[id_].parent == node.parent
    assert again.prompts == made.prompts


def test_a_chat_goes_into_its_box_and_out_again() -> None:
    saved = cases_archive.CHATS[0]
    data, chunks = b"notes", [m.draw("chunk", 16)]
    stamp = Stamp(1, 2, m.LAPTOP.id)
    contents = library.to_box(saved, m.draw("object", 16), stamp)
    for id_, file in saved.files.items():
        contents |= split(data, chunks, id_=id_, name=file.name, type_=file.type, extracted=file.extracted)
    for content in contents.values():
        assert kinds.decode(kinds.kind_of(content), kinds.encode(content)) == content
    assert contents[m.draw("object", 16)].title.stamp == stamp
    out = library.of_box(saved.id, False, contents)
    assert out.nodes == saved.nodes
    assert out.files == saved.files
    assert library.of_box(saved.id, True, {}).chat == library.BLANK


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 2**53 - 1), FLOATS, WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=8,
)  # fmt: skip
READERS = {"chatgpt": chatgpt, "claude": claude}


@st.composite
def twisted(draw: st.DrawFn, good: object) -> object:
    """`good` with some values replaced by others of any type."""
    if draw(st.integers(0, 11)) == 0:
        return draw(JSON)
    if isinstance(good, dict):
        return {key: draw(twisted(value)) for key, value in good.items() if draw(st.integers(0, 11))}
    if isinstance(good, list):
        return [draw(twisted(value)) for value in good]
    return good


GOOD = {
    name: [
        json.loads(one["input"]["files"][0])
        for one in cases_importers.importers_cases()
        if one["op"] == f"import_{name}" and one["expect"] is ...
    ]
    for name in READERS
}


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_export_becomes_contents_that_can_be_sealed_or_gives_a_reason(name, data) -> None:
    value = data.draw(st.one_of(JSON, st.sampled_from(GOOD[name]).flatmap(twisted)))
    with contextlib.suppress(VaultError):
        found, report = READERS[name].read([json.dumps(value).encode()], archive_operations.ids_of(name))
        assert report.messages == sum(len(one.nodes) for one in found)
        for one in found:
            kinds.encode(one.chat)
            for node in one.nodes.values():
                kinds.encode(node)
                assert node.parent is None or node.parent in one.nodes
            assert one.chat.leaf.value is None or one.chat.leaf.value in one.nodes


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=80))
def test_any_bytes_are_an_export_or_give_a_reason(name, data) -> None:
    with contextlib.suppress(VaultError):
        READERS[name].read([data], archive_operations.ids_of(name))


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(cases_archive.REST)), value=JSON)
def test_any_value_in_an_archive_is_refused_or_written_the_same(name, value) -> None:
    try:
        files = dict(cases_archive.sealed({**cases_archive.REST, name: json.dumps(value).encode()}))
        _, read = archive.read({one.decode() for one in files}, lambda one: files[one.encode()])
    except VaultError:
        return
    again = {one.encode(): data for one, data in archive.write(read, lambda id_: b"attached " + id_.hex().encode())}
    assert {one: data for one, data in again.items() if one.endswith(b".json")}.keys() <= files.keys()


@settings(max_examples=100, deadline=None)
@given(titles=st.lists(st.text(max_size=30), max_size=6))
def test_titles_make_distinct_names_that_every_system_takes(titles) -> None:
    names = distinct([(number.to_bytes(16), title) for number, title in enumerate(titles)])
    listing.check([Listed(f"chats/{name}.md", 1, 1) for name in names.values()])


def test_a_file_that_is_larger_than_is_read_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(values, "MAX_IMPORT", 9)
    with pytest.raises(VaultError, match=r"export\.too_large"):
        values.conversations(b"[1,2,3,4,5]")


def test_more_conversations_than_are_read_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(values, "MAX_CONVERSATIONS", 2)
    with pytest.raises(VaultError, match=r"export\.malformed"):
        values.conversations(b"[1,2,3]")


def test_a_segment_opens_under_its_own_name_only() -> None:
    key = search.key_of(m.AK1, m.ACCOUNT)
    sealed = search.seal(key, "2026-11", b"box", bytes(12))
    assert search.open_segment(key, "2026-11", sealed) == b"box"
    with pytest.raises(VaultError, match=r"object\.damaged"):
        search.open_segment(key, "2026-10", sealed)
