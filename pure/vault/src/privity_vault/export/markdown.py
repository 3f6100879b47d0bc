"""The branch of a chat that is shown, for people and other programs to read. Source: specs/export.md."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from privity_vault import tree
from privity_vault.contents.chat import Attached, Node, Reasoning, Text, ToolCall, ToolResult
from privity_vault.contents.schema import Part
from privity_vault.export.library import SavedChat, SavedFile

_SPEAKERS: Final = ("You", "Assistant", "System", "Tool")
_LAST_MILLIS: Final = 253_402_300_799_999
"""The end of the year 9999: later times are not written."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def written(saved: SavedChat) -> str:
    """Return the shown branch as Markdown, ending in a line feed."""
    nodes = saved.nodes
    branch = tree.shown(tree.build(nodes), saved.chat.leaf.value)
    title = " ".join(saved.chat.title.value.split("\n")) or "Untitled"
    parts = [f"# {title}", *(_message(nodes[one], saved.files) for one in branch)]
    return "\n\n".join(parts) + "\n"


def _message(node: Node, files: Mapping[bytes, SavedFile]) -> str:
    when = ""
    if node.time <= _LAST_MILLIS:
        at = _EPOCH + timedelta(milliseconds=node.time)
        when = f", {at.year:04}-{at.month:02}-{at.day:02} {at.hour:02}:{at.minute:02} UTC"
    return "\n\n".join([f"## {_SPEAKERS[node.role]}{when}", *(_part(part, files) for part in node.parts)])


def _part(part: Part, files: Mapping[bytes, SavedFile]) -> str:
    match part:
        case Text(text):
            return text
        case Reasoning(text):
            return "\n".join(f"> {line}" for line in text.split("\n"))
        case Attached(attachment):
            found = files.get(attachment)
            return "(an attachment that is lost)" if found is None else f"[attachment](<../{found.path}>)"
        case ToolCall(_, name, arguments):
            return f"Tool: {name}\n\n{_fenced(arguments)}"
        case ToolResult(_, text):
            return _fenced(text)
    raise AssertionError(type(part))


def _fenced(text: str) -> str:
    """A block of code whose fence is longer than any inside."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
