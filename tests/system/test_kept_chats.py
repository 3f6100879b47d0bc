"""`privity serve`, an account, and chats that are kept: asked on one machine, continued on another."""

import importlib.util
import json
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from privity_client.models import shelf

pytestmark = [pytest.mark.system, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
SHORT = [
    {
        "uuid": "one",
        "name": "Trees",
        "chat_messages": [
            {"uuid": "a", "sender": "human", "text": "Trees?", "content": [{"type": "text", "text": "Trees?"}]},
            {
                "uuid": "b",
                "sender": "assistant",
                "text": "Each grows.",
                "content": [{"type": "text", "text": "Each grows."}],
            },
        ],
    }
]


def loaded(path: str) -> ModuleType:
    """A module beside other tests."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def installation(tmp_path: Path, small_model: Path) -> Iterator[Any]:
    made = loaded("user/python/tests/test_serve_system.py").Installation(tmp_path / "home")
    shelf.add(made.home.models, small_model, model_id="tiny", context=512)
    try:
        made.start()
        yield made
    finally:
        made.stop(signal.SIGTERM)


def test_a_chat_is_kept_continued_elsewhere_and_not_kept_when_temporary(installation: Any, tmp_path: Path) -> None:
    typed_terminal = loaded("tests/interop/typed_terminal.py")
    home = installation.home.root
    typed = typed_terminal.Typed(home, "account", "create", "--url", installation.url)
    shown = typed.until("Type group 3 of the code: ")
    groups = re.findall(r"\b[0-9A-HJKMNP-TV-Z]{4}\b(?= -)|(?<= - )[0-9A-HJKMNP-TV-Z]{2,4}\b", shown)
    typed.type(groups[2])
    typed.until("Type group 7 of the code: ")
    typed.type(groups[6])
    assert typed.end() == 0, typed.shown

    answered = installation.chat("--once", "What is a tree?", "--allow-simulated")
    assert answered.returncode == 0, answered.stderr
    said = answered.stdout.strip()
    listed = json.loads(installation.run("chats", "list", "--json").stdout)
    assert [(one["title"], one["messages"]) for one in listed["chats"]] == [("What is a tree?", 2)]
    assert installation.chat("--once", "Forget this", "--allow-simulated", "--temporary").returncode == 0
    synced = json.loads(installation.run("chats", "sync", "--json").stdout)
    assert (synced["waiting"], synced["problem"]) == (0, None)

    other = tmp_path / "other"
    recovering = typed_terminal.Typed(other, "account", "recover", "--url", installation.url)
    recovering.until("Recovery code: ")
    recovering.type("-".join(groups))
    assert recovering.end() == 0, recovering.shown
    chat = listed["chats"][0]["id"]
    whole = json.loads(typed_terminal.run(other, "chats", "show", chat[:8], "--json")[1])["chat"]
    assert [one["text"].strip() for one in whole["messages"]] == ["What is a tree?", said]

    # Random weights never come to an end, so a short conversation is brought from elsewhere to be continued.
    (tmp_path / "conversations.json").write_text(json.dumps(SHORT))
    assert typed_terminal.run(other, "chats", "import", str(tmp_path / "conversations.json"), "--yes")[0] == 0
    brought = json.loads(typed_terminal.run(other, "chats", "search", "grows", "--json")[1])["found"][0]["chat"]
    pinned = typed_terminal.run(other, "trust", "pin", installation.url, "--policy", str(installation.home.log_policy))
    assert pinned[0] == 0, pinned
    root = ("--development-root", str(installation.home.root_certificate))
    asked = ("chat", "--url", installation.url, "--profile", "p0", "--allow-simulated", *root)
    code, out, err = typed_terminal.run(other, *asked, "--continue", brought[:8], "--once", "And an oak?")
    assert code == 0, out + err
    assert typed_terminal.run(other, "chats", "sync")[0] == 0
    whole = json.loads(installation.run("chats", "show", brought[:8], "--json").stdout)["chat"]
    assert len(whole["shown"]) == 4
    asked_there = {one["text"].strip() for one in whole["messages"] if one["role"] == "user"}
    assert asked_there == {"Trees?", "And an oak?"}
    assert len(json.loads(installation.run("chats", "list", "--archived", "--json").stdout)["chats"]) == 2
    checked = json.loads(installation.run("verify-history", "--json").stdout)
    assert (checked["problem"], checked["logs"]) == (None, {"devices": 1, "problem": None})
