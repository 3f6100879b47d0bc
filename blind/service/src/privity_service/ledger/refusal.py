"""Every reason of the ledger with its status: the closed list of specs/ledger.md."""

from typing import Final

STATUS: Final = {
    "request.malformed": 400,
    "ledger.refused": 401,
    "ledger.spent": 409,
    "ledger.lost": 409,
    "request.too_large": 413,
    "ledger.day": 422,
    "ledger.held": 423,
    "service.busy": 503,
}


class Refused(Exception):
    """A call comes to nothing; `retry_after` in seconds where waiting helps."""

    def __init__(self, reason: str, detail: str = "", *, retry_after: int | None = None) -> None:
        self.status = STATUS[reason]
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after
        super().__init__(reason)
