"""The statuses by which relay and node turn a request away; what follows for a client is `admission`.

Source: specs/admission.md.
"""

from enum import Enum


class OuterError(Enum):
    """Outer errors; the value is the HTTP status, the body is empty."""

    MALFORMED = 400
    UNKNOWN_SESSION = 404
    UNKNOWN_KEY = 410
    TOO_LARGE = 413
    SLOW_DOWN = 429
    BUSY = 503

    @property
    def reason(self) -> str:
        """Return the stable code of this error."""
        return self.name.lower()
