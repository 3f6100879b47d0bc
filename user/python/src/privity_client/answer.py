"""An answer as it grows: a fold over authenticated lines. It is complete only when the exchange said so."""

from dataclasses import dataclass, field

from privity_protocol.lines import Done, Line, Notice, Reasoning, Text, Tool, Usage

from privity_client.conversation import State
from privity_client.printable import clean


@dataclass
class Answer:
    """`text` is safe to show; `raw` is what the model said and what goes back to it in the next turn."""

    raw: str = ""
    text: str = ""
    reasoning: str = ""
    notices: list[str] = field(default_factory=list)
    usage: Usage | None = None
    reason: str = ""
    state: State = "partial"

    def take(self, line: Line) -> str:
        """Fold one line in; return the text it adds, safe to show, or an empty string."""
        match line:
            case Reasoning(said):
                self.reasoning += clean(said)
            case Text(said):
                self.raw += said
                shown = clean(said)
                self.text += shown
                return shown
            case Notice(code):
                self.notices.append(code)
            case Usage():
                self.usage = line
            case Done(reason):
                self.reason = reason
            case Tool():
                pass  # Nothing here offers tools to a model.
        return ""

    def complete(self) -> None:
        """END was authenticated."""
        self.state = "complete"

    def stop(self) -> None:
        """The user stopped it."""
        self.state = "stopped"

    def restart(self) -> None:
        """Everything so far is void."""
        self.raw = self.text = self.reasoning = self.reason = ""
        self.notices.clear()
        self.usage = None
