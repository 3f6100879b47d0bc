"""The ways in which an operator's tool fails, each with a reason from a closed list and a detail for people."""

from typing import Final

REASONS: Final = frozenset(
    {
        "configuration",  # the operator's file says something that cannot be
        "evidence",  # the node's own evidence does not tell what to ask for
        "unreachable",
        "timeout",
        "redirect",
        "not_found",
        "throttled",
        "status",
        "too_large",
        "malformed",
        "mismatch",  # well formed, signed, but about something else than was asked
        "signature",
        "root_not_pinned",
        "not_current",
        "older",  # the vendor answered with less recent data than is stored
        "ocsp_unknown",
        "store",
        "image",  # an image, firmware or kernel file is not what its format says
        "leaf",  # a leaf may not be logged so
        "key_file",
        "running",  # another process holds the state folder
        "log",  # a log does not answer, or not as one
        "surprise",  # a log was rolled back or has two histories
    }
)


class Failed(Exception):
    """One thing could not be done; `reason` is one of REASONS, `detail` says what and where."""

    def __init__(self, reason: str, detail: str) -> None:
        if reason not in REASONS:
            raise AssertionError(reason)
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")
