"""How an answer is shown: plain text for pipes, JSON lines for programs. The terminal's view is in `live.py`."""

import json
import sys
from typing import Protocol, TextIO

from privity_protocol.errors import PrivityError

from privity_client.answer import Answer
from privity_client.cli.failure import BANNER, show
from privity_client.nodes import VerifiedNode


class View(Protocol):
    """What happens while a question is answered, in the order in which it happens."""

    def begin(self, node: VerifiedNode) -> None: ...
    def accepted(self, node: VerifiedNode) -> None: ...
    def text(self, added: str) -> None: ...
    def note(self, kind: str, words: str) -> None: ...
    def restarted(self) -> None: ...
    def finished(self, answer: Answer, seconds: float) -> None: ...
    def failed(self, error: PrivityError, answer: Answer) -> int: ...


def node_summary(node: VerifiedNode) -> str:
    """Return one line: node, release, kind."""
    return f"node {node.digest[:8]} · {node.release} · {node.kind}"


class PlainView:
    """The answer on standard output, everything else on standard error."""

    restartable = False

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._last = "\n"

    def begin(self, node: VerifiedNode) -> None:
        """Announce a test enclave before anything is sent."""
        if node.simulated:
            self._say(BANNER)

    def accepted(self, node: VerifiedNode) -> None:
        """Nothing to show."""

    def text(self, added: str) -> None:
        """Print the next piece at once."""
        self._out.write(added)
        self._out.flush()
        self._last = added[-1:] or self._last

    def note(self, kind: str, words: str) -> None:
        """Say what goes on."""
        self._say(f"· {words}")

    def restarted(self) -> None:
        """Not reached: what was written into a pipe cannot be taken back, so no restart is asked for."""

    def finished(self, answer: Answer, seconds: float) -> None:
        """End the line; say so when the answer was stopped or cut by the model's limit."""
        self._end_line()
        if answer.state == "stopped":
            self._say("[stopped: this answer is not complete]")
        elif answer.reason == "length":
            self._say("[the model reached its length limit]")

    def failed(self, error: PrivityError, answer: Answer) -> int:
        """Mark a partial answer as partial, then say what happened."""
        self._end_line()
        if answer.text:
            self._say("[this answer is not complete]")
        return show(error, as_json=False)

    def _end_line(self) -> None:
        if self._last != "\n":
            self._out.write("\n")
            self._out.flush()
            self._last = "\n"

    def _say(self, words: str) -> None:
        print(words, file=self._err, flush=True)


class JsonView:
    """One JSON object a line; each says whether the enclave is a test enclave."""

    restartable = True

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._simulated: bool | None = None

    def begin(self, node: VerifiedNode) -> None:
        """Name the verified node."""
        self._simulated = node.simulated
        self._node("verified", node)

    def accepted(self, node: VerifiedNode) -> None:
        """Name the node that answers."""
        self._simulated = node.simulated
        self._node("accepted", node)

    def text(self, added: str) -> None:
        """The next piece; partial until `done`."""
        self._emit({"event": "text", "text": added})

    def note(self, kind: str, words: str) -> None:
        """What goes on."""
        self._emit({"event": kind, "text": words})

    def restarted(self) -> None:
        """Everything so far is void."""
        self._emit({"event": "restarted"})

    def finished(self, answer: Answer, seconds: float) -> None:
        """The whole answer and its state."""
        usage = answer.usage
        self._emit(
            {
                "event": "done",
                "state": answer.state,
                "text": answer.text,
                "reasoning": answer.reasoning,
                "reason": answer.reason,
                "notices": answer.notices,
                "usage": None
                if usage is None
                else {"prompt": usage.prompt, "cached": usage.cached, "completion": usage.completion},
                "seconds": round(seconds, 3),
            }
        )

    def failed(self, error: PrivityError, answer: Answer) -> int:
        """The failure; the text so far stays partial."""
        return show(error, as_json=True, simulated=self._simulated)

    def _node(self, event: str, node: VerifiedNode) -> None:
        self._emit(
            {
                "event": event,
                "node": node.digest,
                "release": node.release,
                "kind": node.kind,
                "valid_until": node.valid_until,
                "models": [model.id for model in node.models],
                "notice": BANNER if node.simulated else None,
            }
        )

    def _emit(self, event: dict[str, object]) -> None:
        self._out.write(json.dumps({**event, "simulated": self._simulated}, ensure_ascii=False) + "\n")
        self._out.flush()
