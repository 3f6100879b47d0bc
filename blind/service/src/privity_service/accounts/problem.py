"""Every reason with its status: the closed list of specs/service-api.md, section "Reasons"."""

from typing import Final

_BY_STATUS: Final[dict[int, str]] = {
    400: "request.malformed",
    401: "access.required access.refused",
    402: "plan.active_chats plan.bytes plan.tokens",
    403: "access.scope account.closed log.device",
    404: "request.unknown pairing.unknown pairing.pending share.unknown tokens.off voucher.unknown payments.off",
    405: "request.method",
    409: "log.keyring log.moved log.sequence log.version log.resurrected body.staged passkeys.last passkeys.known "
    "passkeys.too_many pairing.taken pairing.order share.taken share.too_many voucher.used plan.running",
    410: "access.expired pairing.burnt",
    412: "keyring.moved",
    413: "request.too_large",
    422: "keyring.invalid page.malformed log.bad_signature body.absent body.hash body.malformed share.expiry "
    "request.key_reused tokens.day tokens.malformed voucher.malformed",
    429: "request.too_many account.too_many tokens.daily",
    500: "service.failed",
    503: "service.busy",
}
STATUS: Final[dict[str, int]] = {reason: status for status, listed in _BY_STATUS.items() for reason in listed.split()}


class Problem(Exception):
    """A request is refused. `keeps`: what the transaction wrote so far stays, such as a challenge that is used up."""

    def __init__(self, reason: str, detail: str = "", *, retry_after: int | None = None, keeps: bool = False) -> None:
        self.status = STATUS[reason]
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after
        self.keeps = keeps
        super().__init__(reason)
