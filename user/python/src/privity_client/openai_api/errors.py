"""What goes wrong, in the shape of the OpenAI API: a status, and an object with message, type, param and code.

Source: specs/proxy.md, "Errors". The reason code of Privity is `code`, so that programs can tell one from another.
"""

import re
from typing import Final

from privity_protocol.errors import Malformed, PrivityError

from privity_client.errors import ClientError, words_for

INVALID: Final = "invalid_request_error"
SERVER: Final = "server_error"
RATE: Final = "rate_limit_error"
PERMISSION: Final = "permission_error"
_STEP: Final = r"[A-Za-z0-9_]+(?:\[\d+\])?"
_PATH: Final = re.compile(rf"({_STEP}(?:\.{_STEP})*) (?:is|has|and) ")
_OF_ENGINE: Final = re.compile(r"does not accept the member ([A-Za-z0-9_.]+?)\.?$")
_OVERLONG: Final = "conversation is too long"
_OF_REQUEST: Final[dict[str, tuple[int, str]]] = {
    "too_large": (413, INVALID),
    "policy": (403, PERMISSION),
    "token_invalid": (403, PERMISSION),
    "token_spent": (403, PERMISSION),
    "token_expired": (403, PERMISSION),
    "tokens_gone": (429, RATE),
    "slow_down": (429, RATE),
    "busy": (503, SERVER),
    "model_unavailable": (503, SERVER),
}
_OF_ANSWER: Final = frozenset({"answer_cut", "answer_gone", "internal", "session_refused"})
"""The node had the request, or may have had it."""


class ApiError(Exception):
    """An answer of the API that is an error. `param` names the member of the request that is at fault."""

    def __init__(
        self, status: int, message: str, *, type: str = INVALID, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        self.code = code
        self.param = param

    def body(self) -> dict[str, object]:
        """Return the object that the API sends."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


def refused(param: str, why: str, *, code: str = "unsupported_parameter") -> ApiError:
    """Return the error for a member of a request that cannot be honoured; it is never dropped in silence."""
    return ApiError(400, f"{param} {why}", code=code, param=param)


def of_request(fault: Malformed) -> ApiError:
    """Return the error for a body that the protocol's own rules refuse, before anything is sent."""
    if fault.reason != "bad_request":
        return ApiError(400, f"The body cannot be read as strict JSON ({fault.reason}).", code=fault.reason)
    return _named(fault.detail)


def of_failure(error: PrivityError) -> ApiError:
    """Return the error for what verification, the channel or the node said. Everything unknown is a 503."""
    words = words_for(error)
    detail = error.detail if isinstance(error, ClientError) else ""
    if error.reason == "bad_request":
        return _named(detail)
    message = " ".join(part for part in (words.what, f"({detail})" if detail else "", words.do) if part)
    if error.reason == "no_node" and detail:
        return ApiError(404, f"No verified node offers the {detail}.", code="model_not_found", param="model")
    if error.reason in _OF_REQUEST:
        status, kind = _OF_REQUEST[error.reason]
        return ApiError(status, message, type=kind, code=error.reason)
    status = 502 if error.reason in _OF_ANSWER or isinstance(error, Malformed) else 503
    return ApiError(status, message, type=SERVER, code=error.reason)


def _named(detail: str) -> ApiError:
    """Return the error for a detail of ours, from here or from the node, that names a member by its path."""
    text = detail.removeprefix("bad_request: ") or "The node could not use the request."
    if _OVERLONG in text:
        return ApiError(400, text, code="context_length_exceeded", param="messages")
    found = _PATH.match(text) or _OF_ENGINE.search(text)
    code = "invalid_value"
    if text.endswith(" is not allowed") or _OF_ENGINE.search(text):
        code = "unsupported_parameter"
    elif text.endswith(" is missing"):
        code = "missing_required_parameter"
    return ApiError(400, text, code=code, param=found[1] if found and found[1] != "body" else None)
