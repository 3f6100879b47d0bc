"""The command line: its shape, its exit codes, and what it asks before a test enclave is used."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from privity_client.cli import app, connection
from privity_client.cli.record import STAGES, render
from privity_client.cli.serve import banner
from rich.console import Console
from typer.testing import CliRunner

SNAPSHOTS = Path(__file__).resolve().parent / "snapshots"
RUNNER = CliRunner()


def run(*arguments: str) -> tuple[int, str, str]:
    result = RUNNER.invoke(app, list(arguments), env={"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"})
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    "command",
    [
        "",
        "serve",
        "chat",
        "verify",
        "verify-bundle",
        "inspect",
        "policy",
        "models",
        "models pull",
        "models add",
        "conformance",
    ],
)
def test_help_names_every_exit_code(command: str) -> None:
    code, out, _err = run(*command.split(), "--help")
    assert code == 0
    flat = " ".join(out.split())
    for meaning in ("0 done", "1 failed", "2 misuse", "3 refused", "4 the other side", "5 unreachable"):
        assert meaning in flat


def test_the_commands_are_those_of_the_readme() -> None:
    _code, out, _err = run("--help")
    for command in (
        "serve",
        "chat",
        "verify",
        "verify-bundle",
        "inspect",
        "policy",
        "models",
        "conformance",
        "version",
    ):
        assert f" {command} " in out


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["chat", "--json", "--once", "x", "--url", "http://127.0.0.1:9"], 5, "unreachable"),
        (["chat", "--json", "--once", "x", "--allow-simulated"], 3, "development_root"),
        (["chat", "--json", "--once", ""], 2, "nothing_to_send"),
        (["chat", "--json", "--once", "x", "y"], 2, "misuse"),
        (["chat", "--json", "--once", "x", "--profile", "p9"], 2, "misuse"),
        (["chat", "--json", "--once", "x", "--file", "/nonexistent"], 2, "file_unreadable"),
        (["verify", "http://127.0.0.1:9", "--json"], 5, "unreachable"),
        (["conformance", "attestation", "/", "--json"], 2, "file_unreadable"),
    ],
)
def test_failures_have_reason_and_code(arguments: list[str], code: int, reason: str) -> None:
    got, out, _err = run(*arguments)
    event = json.loads(out.splitlines()[-1])
    assert (got, event["reason"]) == (code, reason)
    assert event["what"]
    assert "simulated" in event


@pytest.mark.parametrize("arguments", [["nonsense"], ["chat", "--nonsense"], ["models", "pull"]])
def test_misuse_is_two(arguments: list[str]) -> None:
    assert run(*arguments)[0] == 2


def test_unknown_and_unpinned_models() -> None:
    code, _out, err = run("models", "pull", "nonesuch")
    assert (code, "no such model" in err) == (2, True)
    code, _out, err = run("models", "pull", "qwen3-4b")
    assert (code, "no digest" in err) == (3, True)


def test_models_add_and_list(tmp_path: Path) -> None:
    source = tmp_path / "My.gguf"
    source.write_bytes(b"GGUF" + bytes(100))
    code, out, _err = run("models", "add", str(source))
    assert code == 0
    assert "operator-added" in out
    listed = json.loads(run("models", "list", "--json")[1])["models"]
    assert [(row["id"], row["state"]) for row in listed if row["id"] == "my"] == [("my", "operator-added")]
    assert "not pinned" in run("models", "list")[1]
    assert run("models", "add", str(source), "--id", "demonstration")[0] == 2
    assert run("models", "add", str(tmp_path / "none"))[0] == 2


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "agreed"), [("y\n", True), ("YES\n", True), ("\n", False), ("n\n", False), ("ok\n", False), ("", False)]
)
def test_consent_is_an_explicit_yes(monkeypatch: pytest.MonkeyPatch, typed: str, agreed: bool) -> None:
    screen = FakeTerminal()
    monkeypatch.setattr(sys, "stdin", FakeTerminal(typed))
    monkeypatch.setattr(sys, "stderr", screen)
    assert connection.person_agrees() is agreed
    assert "Test enclave. Whoever runs this server can read your messages." in screen.getvalue()


def test_without_a_terminal_nobody_consents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert connection.person_agrees() is False


def test_help_does_not_load_what_only_a_chat_needs() -> None:
    heavy = ("httpx", "prompt_toolkit", "cryptography", "privity_attest", "rich.markdown")
    code = (
        "import sys, typer\nfrom privity_client.cli import app\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_banner_is_framed() -> None:
    rows = banner(colour=False).splitlines()
    assert len({len(row) for row in rows}) == 1
    assert "Test enclave. Whoever runs this server can read your messages." in rows[1]


def record(outcome: str) -> dict[str, object]:
    checks = [
        {"stage": stage, "check": f"check_{stage}", "item": "cpu", "outcome": "passed", "reasons": []}
        for stage in range(len(STAGES))
    ]
    if outcome == "refused":
        checks[6] |= {"outcome": "failed", "reasons": ["debug_enabled"]}
    checks[4] |= {"outcome": "not_checked", "reasons": ["not_applicable:development_root"]}
    return {
        "outcome": outcome,
        "reasons": ["debug_enabled"] if outcome == "refused" else [],
        "checks": checks,
        "claims": {
            "kind": {"value": "simulated", "item": "cpu"},
            "release": {"value": "privity-enclave 0.1.0", "item": "release"},
            "registers": {"value": {"0": "ab" * 48}, "item": "cpu"},
        },
        "simulated": True,
        "hardware_backed": False,
        "appraised_at": 0,
        "valid_until": 7200,
    }


@pytest.mark.parametrize("outcome", ["accepted_as_simulated", "refused"])
def test_the_record_as_a_person_sees_it(outcome: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    __import__("time").tzset()
    screen = io.StringIO()
    render(Console(file=screen, width=80, highlight=False), record(outcome), challenged=outcome != "refused")
    shown = "\n".join(line.rstrip() for line in screen.getvalue().splitlines()) + "\n"
    path = SNAPSHOTS / f"record-{outcome}.txt"
    assert shown == path.read_text()


def test_not_checked_is_never_shown_as_passed() -> None:
    unknown = record("accepted_as_simulated")
    checks = unknown["checks"]
    assert isinstance(checks, list)
    checks[0]["outcome"] = "something new"
    screen = io.StringIO()
    render(Console(file=screen, width=80, highlight=False), unknown)
    assert "? unknown" in screen.getvalue()
    assert screen.getvalue().count("✓ passed") == len(STAGES) - 2


@pytest.mark.parametrize(("setting", "port"), [("18080", "18080"), ("", "8080"), ("eighty", "8080")])
def test_the_other_terminal_finds_the_server_of_the_same_settings(setting: str, port: str) -> None:
    program = "from privity_client.cli import DEFAULT_URL; print(DEFAULT_URL)"
    environment = {"PRIVITY_PORT": setting}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"http://localhost:{port}"
