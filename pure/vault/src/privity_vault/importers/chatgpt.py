"""ChatGPT's export: `conversations.json`, or several such files. Source: specs/importers.md, section "ChatGPT"."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from privity_vault.contents.chat import MAX_NAME, Reasoning, Role, State, Text, ToolCall, ToolResult
from privity_vault.contents.schema import Part
from privity_vault.export.library import Ids, SavedChat
from privity_vault.importers import values as v
from privity_vault.importers.conversation import Conversation, Report, Said, as_chats, labelled

SOURCE: Final = "chatgpt"
_ROLES: Final[Mapping[str, Role]] = {"user": Role.USER, "assistant": Role.ASSISTANT, "tool": Role.TOOL}
_HIDDEN: Final = frozenset({"model_editable_context", "user_editable_context"})
"""Kinds of content that carry instructions and memories, not something that was said."""
MAX_MESSAGES: Final = 100_000


def read(files: Sequence[bytes], ids: Ids) -> tuple[list[SavedChat], Report]:
    """Return the conversations of all files, in their order, and what became of what is not known here.

    `ids` is `box.import_id` with the source SOURCE. Raises VaultError `export.malformed`, `export.too_large`.
    """
    report = Report()
    found = [_conversation(one, report) for data in files for one in v.conversations(data)]
    return as_chats([one for one in found if one is not None], ids, report), report


def _conversation(value: v.Members, report: Report) -> Conversation | None:
    id_ = v.id_of(value.get("conversation_id")) or v.id_of(value.get("id"))
    mapping = v.members(value.get("mapping"))
    if not id_ or not mapping or len(mapping) > MAX_MESSAGES:
        report.left_out["not a conversation"] += 1
        return None
    nodes = {key: v.members(one) for key, one in mapping.items() if v.id_of(key)}
    said = {key: one for key, node in nodes.items() if (one := _said(node, report)) is not None}
    kept = _parents(nodes, said)
    parted = {key: Said(kept[key], one.role, one.parts, one.state, one.time) for key, one in said.items()}
    leaf = v.id_of(value.get("current_node"))
    shown = leaf if leaf in said else kept.get(leaf)
    return Conversation(id_, v.text(value.get("title")), shown, v.seconds(value.get("create_time")), parted)


def _parents(nodes: Mapping[str, v.Members], said: Mapping[str, Said]) -> dict[str, str | None]:
    """Of each node the nearest one above that stays: what was removed hands its children up."""
    above: dict[str, str | None] = {}
    for start in sorted(nodes):
        path: list[str] = []
        at = start
        while at in nodes and at not in above:
            above[at] = None
            path.append(at)
            at = v.text(nodes[at].get("parent"))
        for key in reversed(path):
            parent = v.text(nodes[key].get("parent"))
            above[key] = parent if parent in said else above.get(parent)
    return above


def _said(node: v.Members, report: Report) -> Said | None:
    """A node as a message; None when it is hidden or empty."""
    message = v.members(node.get("message"))
    content, metadata = v.members(message.get("content")), v.members(message.get("metadata"))
    role, kind = v.text(v.members(message.get("author")).get("role")), v.text(content.get("content_type"))
    if not message:
        return None
    if role == "system" or kind in _HIDDEN or metadata.get("is_visually_hidden_from_conversation") is True:
        report.left_out["hidden message"] += 1
        return None
    parts = tuple(_READERS.get(kind, _unknown)(content, message, report))
    if not parts:
        report.left_out["empty message"] += 1
        return None
    state = State.CUT if message.get("status") == "in_progress" else State.COMPLETE
    return Said(None, _ROLES.get(role, Role.TOOL), parts, state, v.seconds(message.get("create_time")))


def _texts(content: v.Members, message: v.Members, report: Report) -> list[Part]:
    parts: list[Part] = []
    for one in v.listed(content.get("parts")):
        if isinstance(one, str):
            parts += [Text(one)] if one else []
        else:
            inner = v.members(one)
            parts.append(labelled(v.text(inner.get("content_type")) or "part", v.text(inner.get("text")), report))
    return parts


def _code(content: v.Members, message: v.Members, report: Report) -> list[Part]:
    code, recipient = v.text(content.get("text")), v.text(message.get("recipient"))
    if not code:
        return []
    if recipient not in ("", "all") and len(recipient.encode()) <= MAX_NAME:
        return [ToolCall("", recipient, code)]
    return [Text(code)]


def _output(content: v.Members, message: v.Members, report: Report) -> list[Part]:
    return [ToolResult("", found)] if (found := v.text(content.get("text"))) else []


def _thoughts(content: v.Members, message: v.Members, report: Report) -> list[Part]:
    found = []
    for one in v.listed(content.get("thoughts")):
        texts = [v.text(v.members(one).get(name)) for name in ("summary", "content")]
        found.append("\n".join(text for text in texts if text))
    return [Reasoning(text) for text in found if text]


def _recap(content: v.Members, message: v.Members, report: Report) -> list[Part]:
    return [Reasoning(found)] if (found := v.text(content.get("content"))) else []


def _unknown(content: v.Members, message: v.Members, report: Report) -> list[Part]:
    texts = [v.text(content.get(name)) for name in ("title", "text", "result", "url")]
    return [labelled(v.text(content.get("content_type")) or "message", "\n".join(one for one in texts if one), report)]


_READERS: Final[Mapping[str, Callable[[v.Members, v.Members, Report], list[Any]]]] = {
    "text": _texts,
    "multimodal_text": _texts,
    "code": _code,
    "execution_output": _output,
    "thoughts": _thoughts,
    "reasoning_recap": _recap,
}
