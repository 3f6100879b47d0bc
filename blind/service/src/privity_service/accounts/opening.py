"""Opens the accounts of a configuration: database, migrations, and the key that signs receipts."""

import os
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privity_service.accounts import schema
from privity_service.accounts.database import Database, engine_of
from privity_service.accounts.house import House
from privity_service.accounts.plans import names
from privity_service.accounts.settings import AccountSettings, DatabasePlace, Registration, StripeSettings
from privity_service.issuer.keys import IssuerKeys
from privity_service.payments import secret_file
from privity_service.payments.provider import Payments

FOLDER: Final = "accounts"
FILE: Final = "accounts.db"
KEY_FILE: Final = "erasure.key"
ISSUER: Final = "issuer"
_SEED: Final = 32


class KeyUnfit(Exception):
    """The file of the erasure key is not one, or others can read it."""

    reason = "erasure_key"


def open_house(
    state: Path, place: DatabasePlace, settings: AccountSettings, registration: Registration, own_origin: str
) -> House:
    """Open or make everything. Raises SchemaTooNew, KeyUnfit, KeyFileUnfit, SecretUnfit, OSError, SQLAlchemyError."""
    folder = state / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = engine_of(place.url or f"sqlite:///{folder / FILE}")
    schema.upgrade(engine)
    origin = settings.origin or own_origin
    return House(
        database=Database(engine),
        settings=settings,
        registration=registration,
        rp_id=settings.rp_id or urlsplit(origin).hostname or "localhost",
        origins=tuple(dict.fromkeys((origin, *settings.related_origins))),
        erasure=erasure_key(folder / KEY_FILE),
        issuer=None if settings.issuance is None else _issuer(folder / ISSUER, names(settings.plans)),
        payments=None if settings.payments is None else _payments(settings.payments.stripe, origin),
    )


def _issuer(folder: Path, plans: tuple[str, ...]) -> IssuerKeys:
    keys = IssuerKeys(folder, plans)
    keys.prepare(int(time.time()))
    return keys


def _payments(chosen: StripeSettings, origin: str) -> Payments:
    # A service that takes no payments does not load the library of one that does.
    from privity_service.payments.stripe_checkout import StripeCheckout

    return StripeCheckout(
        key=secret_file.read(Path(chosen.key_file)),
        webhook_secret=secret_file.read(Path(chosen.webhook_secret_file)),
        base=chosen.base,
        home=f"{origin}/usage",
    )


def erasure_key(path: Path) -> Ed25519PrivateKey:
    """Read the key, or make it. Raises KeyUnfit, OSError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            raise KeyUnfit("others can read it") from None
        seed = path.read_bytes()
        if len(seed) != _SEED:
            raise KeyUnfit(f"{len(seed)} bytes, expected {_SEED}") from None
        return Ed25519PrivateKey.from_private_bytes(seed)
    made = Ed25519PrivateKey.generate()
    with os.fdopen(descriptor, "wb") as file:
        file.write(made.private_bytes_raw())
        file.flush()
        os.fsync(file.fileno())
    return made
