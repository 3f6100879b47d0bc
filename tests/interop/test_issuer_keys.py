"""From the service's key files through the keeper's leaf to a token: nobody else's word for a key is taken."""

from pathlib import Path
from secrets import token_bytes

import msgspec
import pytest
from privity_image.errors import Failed
from privity_image.keeper import issuers as issuing
from privity_protocol import token, token_request
from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.token import PublicKey
from privity_service.accounts.issuance import offered
from privity_service.issuer.keys import IssuerKeys
from privity_tlog.leaves import issuers

NOW = 1_795_608_000
CHALLENGE = token.challenge("accounts.example", "run.example")


def served(keys: IssuerKeys) -> bytes:
    """What `GET /v1/issuers` answers."""
    return msgspec.json.encode(offered(keys, NOW))


def test_a_token_is_drawn_under_the_logged_key_and_no_other(tmp_path: Path) -> None:
    keys, others = (IssuerKeys(tmp_path / name, ("free",)) for name in ("service", "for one person"))
    for one in (keys, others):
        one.prepare(NOW, most=1)
    leaf = issuing.due(None, served(keys), deploy="local", now=NOW)
    assert leaf is not None
    logged = issuers.decode(leaf)
    assert issuing.due(logged, served(keys), deploy="local", now=NOW) is None
    with pytest.raises(Failed, match="another key is logged"):
        issuing.due(logged, served(others), deploy="local", now=NOW)
    found = issuers.find(logged, deploy="local", plan="free", day=logged.keys[0].day, now=NOW)
    pending, request = token_request.begin(PublicKey.decode(found.spki), CHALLENGE, token_bytes)
    pending.finish(keys.listed(NOW)[0].signing.sign(request[3:]))
    # What is blinded may be above the other modulus, which that key refuses.
    with pytest.raises((NotAuthentic, Malformed)):
        pending.finish(others.listed(NOW)[0].signing.sign(request[3:]))
