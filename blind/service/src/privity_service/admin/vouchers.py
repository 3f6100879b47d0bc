"""Making vouchers: a batch of codes, shown once. Asks no database, so it can be done on a machine of its own."""

import time
from pathlib import Path
from secrets import token_bytes

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol.canonical import base64url_encode

from privity_service.accounts.plans import DAY_S, DEFAULT_PLAN, find
from privity_service.admin.commands import AdminRefused
from privity_service.configuration import Configuration
from privity_service.vouchers import key_file
from privity_service.vouchers.letters import spell
from privity_service.vouchers.voucher import ID, MAX_DAY, MAX_DAYS, Voucher


def show_key(path: Path) -> list[str]:
    """The public half of the key in a file, which is made if there is none. Raises KeyFileUnfit, OSError."""
    try:
        made = key_file.make(path)
    except FileExistsError:
        made = key_file.read(path)
    return [_public(made)]


def batch(configuration: Configuration, path: Path, plan: str, days: int, count: int, expires: int) -> list[str]:
    """Codes that nobody has seen yet; `expires` counts days from today. Raises AdminRefused, KeyFileUnfit, OSError."""
    settings = configuration.accounts
    plans = None if settings is None else settings.plans
    found = find(plans or {}, plan)
    if settings is None or found is None or found == DEFAULT_PLAN:
        sold = sorted(name for name in plans or {} if name != DEFAULT_PLAN)
        raise AdminRefused(f"a voucher is for one of the plans: {', '.join(sold) or 'there are none'}")
    key = key_file.read(path)
    if _public(key) not in settings.voucher_keys:
        raise AdminRefused(f"the service takes none of this key: put {_public(key)} into accounts.voucher_keys")
    last_day = int(time.time()) // DAY_S + expires
    if days > MAX_DAYS or last_day > MAX_DAY:
        raise AdminRefused(f"at most {MAX_DAYS} days, and a last day before the year 2149")
    return [spell(Voucher(found, days, last_day, token_bytes(ID)).signed(key)) for _ in range(count)]


def _public(key: Ed25519PrivateKey) -> str:
    return base64url_encode(key.public_key().public_bytes_raw())
