"""Failures of running a log. What a log, a witness or a proof does wrong is a TlogError; here something of ours failed.

A closed list: `reason` is what programs compare, `detail` what a person needs to know next.
"""

from typing import Final

REASONS: Final = frozenset(
    {
        "store_locked",  # another process writes here
        "store_write",  # the operating system refused a write; the store must be opened again
        "store_conflict",  # an immutable file exists with other bytes, or somebody wrote beside the lock
        "store_damaged",  # the files do not make the tree that was signed
        "store_rolled_back",  # an older copy of the store: signing on would make a second history
        "store_missing",  # no log where one was expected
        "key_file",
        "token",  # a PKCS#11 token does not open, or does not hold the key
        "signer",  # a signature that the signer's own key does not verify
        "entry_size",
        "busy",
        "not_witnessed",  # logged, and not yet cosigned by the quorum
        "witness_unreachable",
        "witness_refused",
        "witness_ahead",  # a witness cosigned a larger tree than ours: the store is an old copy
        "source_unreachable",
        "source_missing",
        "not_told",  # an alarm did not reach anybody
        "misuse",
        "listen",
    }
)


class LogError(Exception):
    """`reason` is of the closed list; `str(e)` is "reason: detail"."""

    def __init__(self, reason: str, detail: str = "") -> None:
        if reason not in REASONS:
            raise AssertionError(f"undocumented reason {reason}")
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


class StoreError(LogError):
    """A store could not do, or does not hold, what it must. Whoever wrote opens it anew before writing again."""
