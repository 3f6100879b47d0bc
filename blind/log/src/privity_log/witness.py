"""The witness of C2SP tlog-witness: cosigns a head only when it continues what was cosigned before.

`judge` decides, `WitnessState` makes deciding and remembering one step, and nothing is signed before it is remembered.
The texts of refusals begin as other implementations' do, so that an operator recognises them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from privity_tlog import head as heads
from privity_tlog import merkle, note
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.errors import GROUPS, TlogError
from privity_tlog.keys import Key
from privity_tlog.merkle import EMPTY_ROOT
from privity_tlog.note import Note
from privity_tlog.view import View
from privity_tlog.witness_policy import NONE, WitnessPolicy

from privity_log import add_checkpoint
from privity_log.add_checkpoint import AddCheckpoint
from privity_log.signer import Signer, signature_of
from privity_log.witness_state import WitnessState

PLAIN: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, media type and body of an answer."""

    status: int
    media_type: str
    body: bytes


class Refused(Exception):
    """The head is not cosigned; `reply` is the answer that the specification tells."""

    def __init__(self, status: int, text: str, media_type: str = PLAIN) -> None:
        self.reply = Reply(status, media_type, f"{text}\n".encode())
        super().__init__(text)


class Contradiction(Refused):
    """A known log signed another head of the size that was cosigned: two notes that convict it."""

    def __init__(self, known: View, offered: bytes) -> None:
        self.known, self.offered = known.note, offered
        super().__init__(409, str(known.head.size), add_checkpoint.SIZE_TYPE)


class Witness:
    """A witness: the logs that it knows, its keys, its memory, and a clock in Unix seconds."""

    def __init__(
        self,
        logs: Mapping[str, tuple[Key, ...]],
        signers: Sequence[Signer],
        state: WitnessState,
        clock: Callable[[], int],
    ) -> None:
        self._policy = WitnessPolicy(logs, {}, {}, NONE, {})
        self._signers = tuple(signers)
        self._state = state
        self._clock = clock

    def add_checkpoint(self, body: bytes) -> Reply:
        """Return the answer to one request. Raises StoreError, LogError `signer`: nothing was cosigned."""
        try:
            request = _parsed(body)
            head = self._verified(request.note)
            if request.old > head.size:
                raise Refused(400, "old size is larger than the checkpoint's")
            self._state.advance(head.origin, lambda known: judge(known, request, head))
        except Contradiction as contradiction:
            self._state.keep_evidence(head.origin, contradiction.known, contradiction.offered)
            return contradiction.reply
        except Refused as refused:
            return refused.reply
        now = self._clock()
        lines = Note(note.decode(request.note).text, tuple(signature_of(one, head, now) for one in self._signers))
        return Reply(200, PLAIN, note.encode(lines).partition(b"\n\n")[2])

    def _verified(self, signed: bytes) -> Checkpoint:
        origin = note.decode(signed).text.partition("\n")[0]
        try:
            return heads.verify(signed, self._policy, origin=origin).checkpoint
        except TlogError as error:
            if error.reason == "log_unknown":
                raise Refused(404, "unknown log") from error
            if error.reason in GROUPS["log"]:
                raise Refused(403, "invalid signature") from error
            raise Refused(400, f"malformed: {error.reason}") from error


def judge(known: View | None, request: AddCheckpoint, head: Checkpoint) -> View:
    """Return what to remember: `head`, which continues the known one. Raises Refused, Contradiction."""
    size, root = (0, EMPTY_ROOT) if known is None else (known.head.size, known.head.root)
    if request.old != size:
        raise Refused(409, str(size), add_checkpoint.SIZE_TYPE)
    if head.size == size and head.root != root:
        if known is None:
            raise Refused(409, str(size), add_checkpoint.SIZE_TYPE)
        raise Contradiction(known, request.note)
    try:
        merkle.verify_consistency(size, head.size, request.path, root, head.root)
    except TlogError as error:
        raise Refused(422, "consistency proof does not verify") from error
    return View(head, request.note)


def _parsed(body: bytes) -> AddCheckpoint:
    try:
        request = add_checkpoint.decode(body)
    except TlogError as error:
        raise Refused(400, f"malformed: {error.reason}") from error
    try:
        note.decode(request.note)
    except TlogError as error:
        # Base64 with stray bits is no signature of anybody; others decode it first and then find the same.
        if error.detail == "base64":
            raise Refused(403, "invalid signature") from error
        raise Refused(400, f"malformed: {error.reason}") from error
    return request
