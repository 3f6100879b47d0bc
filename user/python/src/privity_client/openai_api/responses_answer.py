"""An answer as the Responses API tells it: events while it grows, one object when it is whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from privity_protocol.lines import Line, Logprobs, Reasoning, Text, Tool

from privity_client.openai_api.chat_answer import Choice
from privity_client.openai_api.errors import ApiError
from privity_client.openai_api.reading import Json

Kind = Literal["message", "reasoning", "function_call"]
Status = Literal["in_progress", "completed", "incomplete", "failed"]
NewId = Callable[[str], str]
"""Returns a fresh id with this prefix."""
_PREFIX: Final[dict[Kind, str]] = {"message": "msg", "reasoning": "rs", "function_call": "fc"}
_PART: Final[dict[Kind, str]] = {"message": "output_text", "reasoning": "reasoning_text"}
_DELTA: Final[dict[Kind, str]] = {**_PART, "function_call": "function_call_arguments"}


@dataclass
class Item:
    """One item of the output as it grows."""

    kind: Kind
    id: str
    place: int
    call_id: str = ""
    name: str = ""
    text: list[str] = field(default_factory=list, repr=False)
    likely: list[Json] = field(default_factory=list, repr=False)
    open: bool = True

    def whole(self, status: str = "completed") -> Json:
        """Return the item as the API tells it."""
        item: Json = {"id": self.id, "type": self.kind, "status": status}
        said = "".join(self.text)
        if self.kind == "function_call":
            return item | {"call_id": self.call_id, "name": self.name, "arguments": said}
        content = [] if status == "in_progress" else [self._part(said)]
        own: Json = {"role": "assistant"} if self.kind == "message" else {"summary": []}
        return item | own | {"content": content}

    def begin(self) -> list[Json]:
        """Return the events that open it."""
        events: list[Json] = [self._of_item("added", "in_progress")]
        if self.kind in _PART:
            events.append(self._event("response.content_part.added", content_index=0, part=self._part("")))
        return events

    def add(self, said: str, likely: Sequence[Json] = ()) -> Json:
        """Return the event of a piece, or of how likely pieces before it were."""
        self.text.append(said)
        self.likely += likely
        logprobs: Json = {"logprobs": list(likely)} if self.kind == "message" else {}
        return self._event(f"response.{_DELTA[self.kind]}.delta", **self._index, delta=said, **logprobs)

    def end(self) -> list[Json]:
        """Return the events that close it."""
        if not self.open:
            return []
        self.open = False
        said, done = "".join(self.text), f"response.{_DELTA[self.kind]}.done"
        if self.kind == "function_call":
            return [self._event(done, arguments=said, name=self.name), self._of_item("done", "completed")]
        logprobs: Json = {"logprobs": list(self.likely)} if self.kind == "message" else {}
        return [
            self._event(done, **self._index, text=said, **logprobs),
            self._event("response.content_part.done", **self._index, part=self._part(said)),
            self._of_item("done", "completed"),
        ]

    @property
    def _index(self) -> Json:
        return {} if self.kind == "function_call" else {"content_index": 0}

    def _part(self, said: str) -> Json:
        part: Json = {"type": _PART[self.kind], "text": said}
        return part | ({"annotations": [], "logprobs": list(self.likely)} if self.kind == "message" else {})

    def _event(self, kind: str, /, **members: object) -> Json:
        return {"type": kind, "item_id": self.id, "output_index": self.place, **members}

    def _of_item(self, what: str, status: str) -> Json:
        return {"type": f"response.output_item.{what}", "output_index": self.place, "item": self.whole(status)}


class Response:
    """One response. `echo` are the members of the request that it repeats; `created` in Unix seconds.

    `choice` takes the lines.
    """

    def __init__(
        self, id: str, created: int, model: str, echo: Json, new_id: NewId, *, store: bool, choice: Choice | None = None
    ) -> None:
        self.id = id
        self._created = created
        self._model = model
        self._echo = echo
        self._new_id = new_id
        self._store = store
        self._choice = choice or Choice()
        self._items: list[Item] = []
        self._calls: dict[int, Item] = {}
        self._likely: list[Json] = []
        self._events = 0

    def begin(self) -> list[Json]:
        """Return the events that open the response."""
        opened = self.told("in_progress")
        return self._numbered([{"type": f"response.{name}", "response": opened} for name in ("created", "in_progress")])

    def take(self, line: Line) -> list[Json]:
        """Fold a line in; return its events. Raises ApiError as `Choice.take`."""
        if isinstance(line, Tool) and line.index not in self._calls and not line.id:
            line = replace(line, id=self._new_id("call"))
        before = len(self._choice.likely)
        self._choice.take(line)
        match line:
            case Reasoning(said):
                return self._numbered(self._said("reasoning", said))
            case Text(said):
                return self._numbered(self._said("message", said))
            case Tool():
                return self._numbered(self._called(line))
            case Logprobs():
                return self._numbered(self._weighed(self._choice.likely[before:]))
        return []

    def begin_anew(self) -> None:
        """Forget everything: the answer was lost and begins again."""
        self._choice.begin_anew()
        self._items.clear()
        self._calls.clear()
        self._likely.clear()

    def finish(self) -> list[Json]:
        """Return the events that end a complete answer: once it is complete, and not before."""
        closed = [event for item in self._items for event in item.end()]
        return self._numbered([*closed, {"type": f"response.{self.status}", "response": self.told(self.status)}])

    def fail(self, error: ApiError) -> list[Json]:
        """Return the event that ends an answer that did not become complete."""
        told = self.told("failed") | {"error": {"code": "server_error", "message": error.message}}
        return self._numbered([{"type": "response.failed", "response": told}])

    @property
    def status(self) -> Status:
        """How a complete answer ended."""
        return "incomplete" if self._choice.reason == "length" else "completed"

    def messages(self) -> list[Json]:
        """Return what the model said, as the next turn repeats it."""
        message = self._choice.message()
        kept: Json = {name: message[name] for name in ("role", "content", "tool_calls") if name in message}
        return [kept]

    def told(self, status: Status) -> Json:
        """Return the response as one object."""
        over = status in ("completed", "incomplete")
        cut = {"reason": "max_output_tokens"} if status == "incomplete" else None
        return {
            "id": self.id,
            "object": "response",
            "created_at": self._created,
            "status": status,
            "error": None,
            "incomplete_details": cut,
            **self._echo,
            "model": self._model,
            "output": [item.whole() for item in self._items] if status != "in_progress" else [],
            "parallel_tool_calls": self._echo.get("parallel_tool_calls") is not False,
            "store": self._store,
            "usage": self._usage() if over else None,
        }

    def _said(self, kind: Kind, said: str) -> list[Json]:
        item = self._items[-1] if self._items else None
        if item is not None and item.kind == kind and item.open:
            return [item.add(said)]
        opened, events = self._open(kind)
        likely: list[Json] = []
        if kind == "message":
            likely, self._likely = self._likely, likely
        return [*events, opened.add(said, likely)]

    def _weighed(self, added: Sequence[Json]) -> list[Json]:
        """How likely tokens were goes with the message; what comes before there is one waits for it."""
        item = self._items[-1] if self._items else None
        if item is not None and item.kind == "message" and item.open:
            return [item.add("", added)]
        self._likely += added
        return []

    def _called(self, piece: Tool) -> list[Json]:
        events: list[Json] = []
        item = self._calls.get(piece.index)
        if item is None:
            item, events = self._open("function_call", piece.id, piece.name)
            self._calls[piece.index] = item
        return [*events, item.add(piece.arguments)] if piece.arguments else events

    def _open(self, kind: Kind, call_id: str = "", name: str = "") -> tuple[Item, list[Json]]:
        closed = [event for item in self._items if item.kind != "function_call" for event in item.end()]
        item = Item(kind, self._new_id(_PREFIX[kind]), len(self._items), call_id, name)
        self._items.append(item)
        return item, [*closed, *item.begin()]

    def _usage(self) -> Json | None:
        counted = self._choice.usage
        if counted is None:
            return None
        return {
            "input_tokens": counted.prompt,
            "input_tokens_details": {"cached_tokens": counted.cached, "cache_write_tokens": 0},
            "output_tokens": counted.completion,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": counted.prompt + counted.completion,
        }

    def _numbered(self, events: list[Json]) -> list[Json]:
        first, self._events = self._events, self._events + len(events)
        return [{**event, "sequence_number": first + at} for at, event in enumerate(events)]
