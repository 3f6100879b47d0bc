"""The issuer's keys as the operator sees them: whether clients can draw under them, and how much was drawn."""

import json
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from privity_service.accounts.house import House
from privity_service.accounts.tables import TokenDraw
from privity_service.admin.commands import AdminRefused
from privity_service.published import BULLETIN, MAX_BULLETIN

_SPKI = "spki"


def keys(house: House, published: Path | None) -> list[str]:
    """A line for each key; `published` is the keeper's folder. Raises AdminRefused."""
    if house.issuer is None:
        raise AdminRefused("this service issues no tokens: accounts.issuance is null")
    logged = None if published is None else logged_keys(published)
    with house.database.reading() as connection:
        query = select(TokenDraw.plan, TokenDraw.day, func.sum(TokenDraw.count)).group_by(TokenDraw.plan, TokenDraw.day)
        drawn = {(plan, day): int(number) for plan, day, number in connection.execute(query)}
    lines = []
    for one in house.issuer.listed(house.clock()):
        said = "unknown" if logged is None else "yes" if one.signing.public.spki.hex() in logged else "no"
        key_id = one.signing.public.key_id.hex()[:16]
        number = drawn.get((one.plan, one.day), 0)
        lines.append(f"{one.date}  {one.plan:<12}key {key_id}  logged {said:<8}drawn by accounts {number}")
    return lines


def logged_keys(folder: Path) -> set[str] | None:
    """The keys of the `issuers` leaf that the keeper posted last, None where nothing readable is posted.

    For the operator's eyes: nothing is verified. Clients and monitors verify it.
    """
    try:
        with (folder / BULLETIN).open("rb") as file:
            posted = json.loads(file.read(MAX_BULLETIN))
        leaves = [_leaf(one) for one in posted["keys"]["entries"]]
        return {str(one[_SPKI]) for leaf in leaves if leaf.get("t") == "issuers" for one in leaf["keys"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _leaf(entry: dict[str, Any]) -> dict[str, Any]:
    text = str(entry["leaf"])
    found = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found if isinstance(found, dict) else {}
