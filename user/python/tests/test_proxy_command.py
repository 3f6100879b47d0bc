"""The command line of `privity proxy`: names and profiles that cannot be, and what it prints."""

from pathlib import Path

import pytest
from privity_client.cli.proxy import Wanted, aliases_of, proxy
from privity_client.errors import ClientError


def test_names_stand_for_models() -> None:
    assert aliases_of(["gpt-4o=a/b", "other=c=d"]) == {"gpt-4o": "a/b", "other": "c=d"}
    for wrong in ("name", "=model", "name="):
        with pytest.raises(ClientError, match="misuse"):
            aliases_of([wrong])


def test_an_unknown_profile_is_misuse_and_no_key_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVITY_HOME", str(tmp_path))
    with pytest.raises(ClientError, match="misuse"):
        proxy(Wanted("http://localhost:1", 0, "p9"))
    assert list(tmp_path.iterdir()) == []
