"""The vault's formats against their vectors: each case must give exactly what it expects."""

import json

import pytest
from privity_vault.errors import VaultError
from vault_form import bytes_of, given_of
from vault_material import OWN
from vault_operations import OPERATIONS

FORMATS = ("opener", "keyring", "object", "page", "pairing", "share", "export", "search", "contents")
RULES = ("merge", "tree", "title", "wallet", "repair", "rotation", "importers")


def cases():
    for folder in (*FORMATS, *RULES):
        path = OWN / folder / "cases.json"
        if path.exists():
            file = json.loads(path.read_text())
            blobs = {name: bytes_of(text, {}) for name, text in file["blobs"].items()}
            for one in file["cases"]:
                yield pytest.param(one, blobs, id=f"{folder}-{one['id']}")


@pytest.mark.parametrize(("one", "blobs"), list(cases()))
def test_a_case_gives_what_it_expects(one, blobs) -> None:
    given = given_of(one["input"], blobs)
    if "error" in one["expect"]:
        with pytest.raises(VaultError) as failure:
            OPERATIONS[one["op"]](given)
        assert failure.value.reason == one["expect"]["error"]
    else:
        assert OPERATIONS[one["op"]](given) == one["expect"]["ok"]
