"""The issuer's keys as the log has them, held against the list that was believed before. Source: specs/leaves.md.

Trusted: the file `issuers`, the newest leaf that was believed. Lost: the next one is believed as the first one was.
"""

from pathlib import Path
from typing import Final

from privity_protocol.errors import Malformed
from privity_protocol.token import PublicKey
from privity_tlog.leaves import issuers
from privity_tlog.leaves.issuers import Issuers
from privity_tlog.limits import MAX_ENTRY

from privity_client.errors import ClientError
from privity_client.trust import remembered
from privity_client.trust.pins import replace_whole

FILE: Final = "issuers"


def hold(place: Path, fresh: Issuers) -> Issuers:
    """Hold the leaf of a verified bulletin against the one believed before, and remember it.

    Raises ClientError `issuer_refused`: a plan and day has another key than it had, so that somebody was given a key
    of their own, before or now; neither list is used. `memory_unusable`, `home_unusable`.
    """
    with remembered.locked(place):
        before = _read(place)
        if before is not None and before != fresh:
            try:
                issuers.check_follows(before, fresh)
            except Malformed as error:
                raise ClientError("issuer_refused", error.detail) from error
        if before != fresh:
            try:
                replace_whole(place / FILE, issuers.encode(fresh))
            except OSError as error:
                raise ClientError("home_unusable", f"{place}: {error.strerror}") from error
    return fresh


def key(listed: Issuers | None, *, deploy: str, plan: str, day: str, now: int) -> PublicKey:
    """The key under which tokens of a plan and day are drawn. Raises ClientError `issuer_refused`: none is logged."""
    if listed is None:
        raise ClientError("issuer_refused", "the log holds no keys of an issuer")
    try:
        return PublicKey.decode(issuers.find(listed, deploy=deploy, plan=plan, day=day, now=now).spki)
    except Malformed as error:
        raise ClientError("issuer_refused", error.detail) from error


def _read(place: Path) -> Issuers | None:
    try:
        with (place / FILE).open("rb") as file:
            return issuers.decode(file.read(MAX_ENTRY + 1))
    except FileNotFoundError:
        return None
    except (OSError, Malformed) as error:
        raise ClientError("memory_unusable", f"{place}: {error}") from error
