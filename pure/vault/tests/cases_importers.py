"""Cases of vectors/importers: exports as the services write them, and as nobody should."""

import json
from typing import Any

from vault_form import Case, case

T = 1_795_600_000
Json = dict[str, Any]


def importers_cases() -> list[Case]:
    return [*_chatgpt(), *_claude(), *_refused(), *_long()]


def node(id_: str, parent: str | None, role: str | None, *parts: Any, kind: str = "text", **more: Any) -> Json:
    """A node of ChatGPT's mapping."""
    if role is None:
        return {"id": id_, "message": None, "parent": parent, "children": []}
    content = more.pop("content", {"content_type": kind, "parts": list(parts)})
    message = {"id": id_, "author": {"role": role, "name": None}, "content": content, "create_time": T + 0.5} | more
    return {"id": id_, "message": message, "parent": parent, "children": []}


def chatgpt(*nodes: Json, **more: Any) -> Json:
    mapping = {one["id"]: one for one in nodes}
    return {"title": "Boxes", "create_time": T, "current_node": nodes[-1]["id"], "mapping": mapping, "id": "c1"} | more


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


NUMBERS = {"\uffff": 0.5, "\U0001d518": [1.0, -0.0, 1e21, 1.5e-7, 0.00001, 123456789012345680000.0, -12.25, 5e-324],
           "b": None, "a": {"z": True, "y": "\u007f\u0001\u2028\n\u00e9"}}  # fmt: skip
ROOT = node("r", None, None)
ASKED = node("q", "r", "user", "What is a box?")


def _chatgpt() -> list[Case]:
    def reads(id_: str, what: str, *found: Any, files: list[Any] | None = None) -> Case:
        given = [list(found)] if files is None else files
        return case(f"chatgpt-{id_}", what, "import_chatgpt", ..., files=[_text(one) for one in given])

    def answers(parent: str, said: str, **more: Any) -> Json:
        return node("a", parent, "assistant", said, **more)

    def content(kind: str, **members: Any) -> Json:
        return {"content_type": kind, **members}

    system = node("s", "r", "system", "You are helpful.")
    hidden = node("h", "s", "user", "About me", metadata={"is_visually_hidden_from_conversation": True})
    context = node("k", "h", "user", content=content("user_editable_context", user_profile="x"))
    tools = [
        node("t", "q", "assistant", content=content("code", language="python", text="1+1"), recipient="python"),
        node("o", "t", "tool", content=content("execution_output", text="2")),
        node("p", "o", "assistant", content=content("code", language="python", text="print()"), recipient="all"),
        node("w", "p", "assistant", content=content("thoughts", thoughts=[{"summary": "S", "content": "C"}, {}, 1])),
        node("y", "w", "assistant", content=content("reasoning_recap", content="Thought for 4 s")),
        node("z", "y", "assistant", content=content("tether_quote", title="A page", text="Words", url="https://x")),
        node("v", "z", "assistant", content=content("sonic_webpage")),
    ]
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://f", "width": 3}
    seen = node("q", "r", "user", picture, "What is this?", {"content_type": "audio_transcription", "text": "Hm"}, 7,
                kind="multimodal_text")  # fmt: skip
    long_title = "x" * 300 + "\n"
    return [
        reads("talk", "a question and an answer", chatgpt(ROOT, ASKED, answers("q", "A chat's keys."))),
        reads("hidden", "hidden nodes hand their children up",
              chatgpt(ROOT, system, hidden, context, node("q", "k", "user", "Hi"), answers("q", "Hello"))),
        reads("branches", "an edited question, the older branch shown",
              chatgpt(ROOT, ASKED, answers("q", "1"), node("e", "r", "user", "What?"), current_node="a")),
        reads("leaf-hidden", "the shown node is removed", chatgpt(ROOT, ASKED, node("s", "q", "system", "x"))),
        reads("leaf-gone", "the shown node is not there", chatgpt(ROOT, ASKED, current_node="x")),
        reads("tools", "tools, thoughts and pages", chatgpt(ROOT, ASKED, *tools)),
        reads("picture", "a picture and a recording", chatgpt(ROOT, seen)),
        reads("empty", "an empty answer", chatgpt(ROOT, ASKED, answers("q", ""), node("b", "a", "user", "?"))),
        reads("cut", "an answer that was cut off", chatgpt(ROOT, ASKED, answers("q", "A ch", status="in_progress"))),
        reads("role", "a role that is not known", chatgpt(ROOT, node("q", "r", "critic", "Hm"))),
        reads("times", "times that are missing, early, or no times", chatgpt(
            ROOT, ASKED, node("a", "q", "assistant", "1", create_time=None), node("b", "a", "user", "2", create_time=5),
            node("c", "b", "user", "3", create_time="now"), node("d", "c", "user", "4", create_time=1e300),
            node("e", "d", "user", "5", create_time=T + 9.9996), create_time=T + 0.25)),
        reads("title", "no title", chatgpt(ROOT, ASKED, title=None)),
        reads("title-long", "a long title", chatgpt(ROOT, ASKED, title=long_title)),
        reads("title-blank", "a title of controls", chatgpt(ROOT, ASKED, title="\n\t")),
        reads("circle", "two that are each other's parent",
              chatgpt(node("x", "y", "user", "1"), node("y", "x", "user", "2"))),
        reads("own-parent", "its own parent", chatgpt(node("x", "x", "user", "1"))),
        reads("circle-hidden", "a circle of hidden nodes",
              chatgpt(node("x", "y", "system", "1"), node("y", "x", "system", "2"), node("z", "x", "user", "3"))),
        reads("orphan", "a parent that is not there", chatgpt(ROOT, node("q", "gone", "user", "Hi"))),
        reads("twice", "a conversation twice", chatgpt(ROOT, ASKED), chatgpt(ROOT, ASKED, title="Again")),
        reads("split", "two files",
              files=[[chatgpt(ROOT, ASKED)], [chatgpt(ROOT, ASKED, id="c2", conversation_id="c3")]]),
        reads("strange", "what is no conversation", 1, "x", {}, {"id": "c"}, {"mapping": {"q": ASKED}}, chatgpt(ROOT)),
        reads("none", "an empty list"),
        reads("types", "members of other types", {"id": "c", "title": 1, "create_time": True, "current_node": [],
              "mapping": {"q": {"message": {"author": "user", "content": {"content_type": "text", "parts": "x"}}},
                          "p": 5, "o": {"message": [], "parent": 4}, "n": node("n", "p", "user", "ok")}}),
        reads("label", "a label with brackets", chatgpt(ROOT, node("q", "r", "user", content=content("a]\nb" * 50)))),
        reads("recipient", "a recipient that is too long",
              chatgpt(ROOT, node("q", "r", "assistant", content=content("code", text="1"), recipient="x" * 257))),
    ]  # fmt: skip


def said(id_: str, sender: str, *blocks: Any, **more: Any) -> Json:
    return {"uuid": id_, "sender": sender, "text": "", "content": list(blocks),
            "created_at": "2026-11-25T18:26:40.123456Z", "attachments": [], "files": []} | more  # fmt: skip


def claude(*messages: Json, **more: Any) -> Json:
    return {"uuid": "c1", "name": "Boxes", "created_at": "2026-11-25T18:26:40Z", "chat_messages": list(messages)} | more


def text(value: str) -> Json:
    return {"type": "text", "text": value, "citations": []}


def _claude() -> list[Case]:
    def reads(id_: str, what: str, *found: Any) -> Case:
        return case(f"claude-{id_}", what, "import_claude", ..., files=[_text(list(found))])

    asked, answered = said("q", "human", text("What is a box?")), said("a", "assistant", text("A chat's keys."))
    none = "00000000-0000-4000-8000-000000000000"
    blocks = [
        {"type": "thinking", "thinking": "Think."},
        {"type": "tool_use", "id": "t1", "name": "search", "input": {"q": "box", "n": 2}},
        {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "one"}, 5, {"text": "two"}]},
        {"type": "tool_use", "id": "t2", "name": "scale", "input": NUMBERS},
        {"type": "tool_use", "id": "t3", "name": "", "input": {}},
        {"type": "tool_result", "tool_use_id": None, "content": "plain"},
        {"type": "artifact", "text": "inside"},
        {},
        text(""),
    ]
    files = said("q", "human", text("See"), attachments=[{"file_name": "a[1].txt", "extracted_content": "Words"}],
                 files=[{"file_name": "b.png"}, {}])  # fmt: skip
    return [
        reads("talk", "a question and an answer", claude(asked, answered)),
        reads("text", "the older shape", claude(said("q", "human", text="Hi"), said("a", "assistant", text="Hello"))),
        reads("blocks", "thinking, tools and what is not known", claude(asked, said("a", "assistant", *blocks))),
        reads("files", "attachments and files", claude(files)),
        reads("branches", "parents by name", claude(
            said("q", "human", text("1"), parent_message_uuid=none),
            said("a", "assistant", text("2"), parent_message_uuid="q"),
            said("b", "assistant", text("3"), parent_message_uuid="q"))),
        reads("later-parent", "a parent that comes later", claude(
            said("q", "human", text("1"), parent_message_uuid="a"),
            said("a", "human", text("2"), parent_message_uuid="q"))),
        reads("empty", "an empty message between",
              claude(asked, said("e", "assistant"), said("b", "human", text("?")))),
        reads("empty-last", "an empty message at the end", claude(asked, said("e", "assistant"))),
        reads("ids", "messages without an id, or with a used one",
              claude(asked, said("", "human", text("x")), asked, answered)),
        reads("sender", "a sender that is not known", claude(said("q", "system", text("Hm")))),
        reads("times", "times of all sorts", claude(
            said("a", "human", text("1"), created_at="2026-11-25T19:26:40+01:00"),
            said("b", "human", text("2"), created_at="2026-02-30T00:00:00Z"),
            said("c", "human", text("3"), created_at="2026-11-25 18:26:41.9999-00:30"),
            said("d", "human", text("4"), created_at="yesterday"),
            said("e", "human", text("5"), created_at="1969-12-31T23:59:59Z"),
            said("f", "human", text("6"), created_at="2026-11-25T24:00:00Z"),
            said("g", "human", text("7"), created_at=5), created_at="2024-02-29T12:00:00.5Z")),
        reads("title", "no name", claude(asked, name="")),
        reads("strange", "what is no conversation", [], {"uuid": "c"},
              {"chat_messages": []}, claude(), claude(asked, uuid=1)),
        reads("types", "members of other types", claude({"uuid": "q", "content": {}, "text": [], "files": 1}, asked)),
    ]  # fmt: skip


def _refused() -> list[Case]:
    deep = "[" * 65 + "]" * 65
    rows = [
        ("object", "an object", '{"mapping": {}}'),
        ("cut", "a file that ends early", '[{"id": "c"'),
        ("deep", "65 levels", deep),
        ("twice", "a member twice", '[{"id": 1, "id": 2}]'),
        ("nan", "a number that is none", '[{"create_time": NaN}]'),
        ("half", "half of a character", '["\\ud800"]'),
        ("empty", "nothing", ""),
    ]
    return [
        case(f"{name}-refused-{id_}", what, f"import_{name}", "export.malformed", files=[text])
        for id_, what, text in rows
        for name in ("chatgpt", "claude")
    ]


def _long() -> list[Case]:
    rows = [("fits", "x", 899_400), ("more", "x", 899_401), ("wide", "\U0001d518", 224_851), ("three", "x", 1_900_000)]
    return [
        case(f"long-{id_}", f"{times} characters in one message", "import_long", ..., letter=letter, times=times)
        for id_, letter, times in rows
    ]
