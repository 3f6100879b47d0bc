"""Claude's export: `conversations.json` with `chat_messages`. Source: specs/importers.md, section "Claude"."""

from collections.abc import Sequence
from typing import Final

from privity_vault.contents.chat import MAX_NAME, Reasoning, Role, State, Text, ToolCall, ToolResult
from privity_vault.contents.schema import Part
from privity_vault.export.library import Ids, SavedChat
from privity_vault.importers import values as v
from privity_vault.importers.conversation import Conversation, Report, Said, as_chats, labelled

SOURCE: Final = "claude"
_ROLES: Final = {"human": Role.USER, "assistant": Role.ASSISTANT}
MAX_MESSAGES: Final = 100_000


def read(files: Sequence[bytes], ids: Ids) -> tuple[list[SavedChat], Report]:
    """Return the conversations of all files, in their order, and what became of what is not known here.

    `ids` is `box.import_id` with the source SOURCE. Raises VaultError `export.malformed`, `export.too_large`.
    """
    report = Report()
    found = [_conversation(one, report) for data in files for one in v.conversations(data)]
    return as_chats([one for one in found if one is not None], ids, report), report


def _conversation(value: v.Members, report: Report) -> Conversation | None:
    id_, messages = v.id_of(value.get("uuid")), value.get("chat_messages")
    if not id_ or not isinstance(messages, list) or len(messages) > MAX_MESSAGES:
        report.left_out["not a conversation"] += 1
        return None
    said: dict[str, Said] = {}
    above: dict[str, str | None] = {}
    before: str | None = None
    for one in map(v.members, messages):
        key = v.id_of(one.get("uuid"))
        if not key or key in above:
            report.left_out["message without an id of its own"] += 1
            continue
        named = v.id_of(one.get("parent_message_uuid"))
        parent = (named if named in above else None) if named else before
        found = _said(one, above.get(parent or "") if parent not in said else parent, report)
        above[key] = parent if parent in said else above.get(parent or "")
        if found is not None:
            said[key] = found
        before = key
    leaf = before if before in said else above.get(before or "")
    return Conversation(id_, v.text(value.get("name")), leaf, v.moment(value.get("created_at")), said)


def _said(message: v.Members, parent: str | None, report: Report) -> Said | None:
    role = _ROLES.get(v.text(message.get("sender")), Role.TOOL)
    parts = [part for one in v.listed(message.get("content")) for part in _block(v.members(one), report)]
    if not parts and v.text(message.get("text")):
        parts = [Text(v.text(message.get("text")))]
    for one in map(v.members, v.listed(message.get("attachments"))):
        name, inside = v.text(one.get("file_name")), v.text(one.get("extracted_content"))
        parts.append(labelled("attachment", inside, report, name))
    for one in map(v.members, v.listed(message.get("files"))):
        parts.append(labelled("file", "", report, v.text(one.get("file_name"))))
    if not parts:
        report.left_out["empty message"] += 1
        return None
    return Said(parent, role, tuple(parts), State.COMPLETE, v.moment(message.get("created_at")))


def _block(block: v.Members, report: Report) -> list[Part]:
    kind = v.text(block.get("type"))
    match kind:
        case "text":
            return [Text(found)] if (found := v.text(block.get("text"))) else []
        case "thinking":
            return [Reasoning(found)] if (found := v.text(block.get("thinking"))) else []
        case "tool_use" if _is_name(block.get("name")):
            return [ToolCall(_short(block.get("id")), v.text(block.get("name")), v.written(block.get("input")))]
        case "tool_result":
            return [ToolResult(_short(block.get("tool_use_id")), _result(block.get("content")))]
    return [labelled(kind or "part", v.text(block.get("text")), report)]


def _is_name(value: object) -> bool:
    return 0 < len(v.text(value).encode()) <= MAX_NAME


def _short(value: object) -> str:
    found = v.text(value)
    return found if len(found.encode()) <= MAX_NAME else ""


def _result(value: object) -> str:
    texts = [v.text(value), *(v.text(v.members(one).get("text")) for one in v.listed(value))]
    return "\n".join(one for one in texts if one)
