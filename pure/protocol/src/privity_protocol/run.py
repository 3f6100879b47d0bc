"""RUN as the client sends it: the bytes of one request under one chain key. Source: specs/ec1.md.

`begin_run` → RunSent → `response` → ResponseReader. The node's half is `request_reader`.
"""

from typing import Final

from privity_protocol import kdf, labels, limits, records
from privity_protocol.envelope import exactly
from privity_protocol.padding import request_records
from privity_protocol.request_envelope import run_header
from privity_protocol.request_reader import Entropy, consume, request_prk, response_secret
from privity_protocol.response import ResponseReader
from privity_protocol.session import Session

_PAD: Final = records.encode_record(records.Kind.PAD, b"", limits.REQUEST_RECORD)


class RunSent:
    """A client whose RUN is on its way. `response` consumes it."""

    __slots__ = ("_secret", "_session", "_transcript")

    def __init__(self, session: Session, secret: bytes, transcript: bytes) -> None:
        self._session = session
        self._secret = [secret]
        self._transcript = transcript

    def response(self) -> ResponseReader:
        """Return the reader of the node's answer. Raises StateError `consumed` the second time."""
        return ResponseReader(self._session, consume(self._secret), self._transcript)

    def __repr__(self) -> str:
        return "RunSent(<secret>)"


def begin_run(session: Session, payload: bytes, *, entropy: Entropy) -> tuple[RunSent, bytes]:
    """Seal `payload` (application bytes) as a whole RUN; return the waiting state and the bytes to send.

    Consumes the session. Raises StateError `consumed`, LimitExceeded `chain_exhausted` or `too_large`; the two limits
    leave the session usable.
    """
    session.require_room()
    count = request_records(len(payload))
    header = run_header(session.kid, session.sid)
    opening = header + exactly(entropy(limits.RANDOM), limits.RANDOM, "entropy")
    prk = request_prk(session.chain, opening)
    cipher = records.RecordCipher(prk, labels.RUN_REQUEST_AEAD)
    sealed = [opening]
    last = max(0, len(payload) - 1) // limits.REQUEST_CAPACITY
    for index in range(count):
        piece = payload[index * limits.REQUEST_CAPACITY : (index + 1) * limits.REQUEST_CAPACITY]
        if index > last:
            plaintext = _PAD
        else:
            plaintext = records.encode_record(
                records.Kind.END if index == last else records.Kind.DATA, piece, limits.REQUEST_RECORD
            )
        sealed.append(cipher.seal(plaintext))
    request = b"".join(sealed)
    transcript = kdf.sha256(labels.RUN_TRANSCRIPT, request)
    return RunSent(session, response_secret(prk), transcript), request
