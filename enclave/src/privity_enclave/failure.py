"""Why a node does not start: one reason of a closed list and a detail for the operator.

Source: specs/node-http.md, section "Start-up".
"""

from typing import Final

START_REASONS: Final = frozenset(
    "arguments configuration release hardware_missing hardware_not_allowed "  # noqa: SIM905
    "hardware_not_supported hardware_failed models engine anchor listen internal".split()
)


class StartFailed(Exception):
    """Start-up stops, printed as `FAILED reason: detail`; the detail names files, members and digests, no contents."""

    def __init__(self, reason: str, detail: str) -> None:
        if reason not in START_REASONS:
            raise AssertionError(f"undocumented reason {reason}")
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")
