"""Keeps a conversation as it goes: the question before it is sent, the answer every second, then the whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from privity_protocol.lines import Usage
from privity_vault import title
from privity_vault.contents.chat import Node, Reasoning, Role, State, Text
from privity_vault.contents.schema import Part

from privity_client.answer import Answer
from privity_client.conversation import Turn
from privity_client.history import drafts, edits, reading
from privity_client.history.replica import Replica

DRAFT_MS: Final = 1000
MOST_TEXT: Final = 900_000
"""Bytes of one message that fit into one object with room for the rest."""
_STATES: Final = {"complete": State.COMPLETE, "stopped": State.STOPPED, "partial": State.FAILED}


@dataclass(slots=True)
class Keeper:
    """One chat being written. `chat` is None before the first question."""

    replica: Replica
    chat: bytes | None = None
    last: bytes | None = None
    """The message that the next one follows."""
    _question: tuple[bytes, str] | None = None
    _answer: bytes | None = None
    _saved_at: int = field(default=0)

    def asked(self, text: str) -> None:
        """Keep a question, durable when this returns. The same text again, after a failure, is the same message."""
        if self._question is not None and self._question[1] == text:
            return
        replica = self.replica
        with replica.store.transaction():
            if self.chat is None:
                self.chat = edits.new_chat(replica, title=title.of_text(text))
            node = self._node(Role.USER, _pieces(Text, text), State.COMPLETE, self.last, None)
            id_ = replica.entropy(edits.ID)
            edits.put(replica, node, box=self.chat, id_=id_)
            edits.due(replica, timed=True)
        self._question = (id_, text)
        self._answer = None

    def grown(self, answer: Answer) -> None:
        """Keep what there is of the answer, at most once a second."""
        now = self.replica.now()
        if now - self._saved_at >= DRAFT_MS and answer.raw:
            self._saved_at = now
            drafts.save(self.replica, self._answer_id(), self._reply(answer))

    def answered(self, answer: Answer) -> None:
        """Keep the answer as it ended. One without a word is not kept; then the question still waits for its answer."""
        if not answer.raw and not answer.reasoning:
            return
        id_ = self._answer_id()
        drafts.finish(self.replica, id_, self._reply(answer))
        if answer.state == "partial":
            self._answer = None
            return
        self.last, self._question, self._answer = id_, None, None

    def leave(self) -> None:
        """The next question begins another chat."""
        self.chat = self.last = self._question = self._answer = None

    def _answer_id(self) -> bytes:
        if self._answer is None:
            self._answer = self.replica.entropy(edits.ID)
        return self._answer

    def _reply(self, answer: Answer) -> Node:
        parts: tuple[Part, ...] = (*_pieces(Reasoning, answer.reasoning), *_pieces(Text, answer.raw))
        usage = answer.usage
        parent = None if self._question is None else self._question[0]
        return self._node(Role.ASSISTANT, parts, _STATES[answer.state], parent, usage)

    def _node(
        self, role: Role, parts: tuple[Part, ...], state: State, parent: bytes | None, usage: Usage | None
    ) -> Node:
        before = self.replica.content(parent) if parent is not None else None
        time = edits.next_time(before if isinstance(before, Node) else None, self.replica)
        counted = None if usage is None else (usage.prompt, usage.cached, usage.completion)
        return Node(self.chat or b"", parent, role, parts, None, counted, state, time)


def resume(replica: Replica, chat: bytes) -> tuple[Keeper, list[Turn]]:
    """Go on with a chat: its shown branch as turns, and a keeper behind its end. Raises ClientError `chat_unknown`."""
    saved = reading.chat(replica, chat)
    return Keeper(replica, chat, saved.shown[-1] if saved.shown else None), turns(
        [saved.nodes[one] for one in saved.shown]
    )


def turns(nodes: Sequence[Node]) -> list[Turn]:
    """Messages of a branch as a model is told them; what is neither asked nor answered is left out."""
    found = []
    for node in nodes:
        if node.role in (Role.USER, Role.ASSISTANT):
            state = {State.COMPLETE: "complete", State.STOPPED: "stopped"}.get(node.state, "partial")
            role = "user" if node.role is Role.USER else "assistant"
            found.append(Turn(role, reading.text_of(node), state))  # type: ignore[arg-type]
    return found


def _pieces(of: type[Text] | type[Reasoning], text: str) -> tuple[Part, ...]:
    """A part of a message; what no object could hold is cut, and says so."""
    if not text:
        return ()
    if len(text.encode("utf-8", "replace")) > MOST_TEXT:
        text = text.encode("utf-8", "replace")[:MOST_TEXT].decode("utf-8", "ignore") + "\n[cut: too long to be kept]"
    return (of(text.encode("utf-8", "replace").decode()),)
