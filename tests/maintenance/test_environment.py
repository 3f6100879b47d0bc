"""`make serve` and `make test` without a network: what can be served is served, and what is missing is said."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tool, with places of its own and a registry that nobody reaches."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / "tools/environment.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)

    def unreachable(level: str) -> None:
        raise made.EnvironmentRefused(f"{level}: no answer")

    monkeypatch.setattr(made, "VENV", tmp_path / "venv")
    monkeypatch.setattr(made, "CLIENT", tmp_path / "_web")
    monkeypatch.setattr(made, "PROGRAMS", tmp_path / "venv/programs")
    monkeypatch.setattr(made, "install_wheels", lambda _level: None)
    monkeypatch.setattr(made, "install_modules", unreachable)
    (tmp_path / "venv").mkdir()
    return made


def built(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "index.html").write_text("")


def test_without_a_registry_and_without_a_build_there_is_no_page(tools: ModuleType, capsys) -> None:
    tools.install_client()
    said = capsys.readouterr().out
    assert "the web client was not built: serve: no answer" in said
    assert "going on without the page" in said
    tools.install_client()
    assert "was not built" in capsys.readouterr().out, "the next start tries again"


def test_an_older_build_is_better_than_none(tools: ModuleType, capsys) -> None:
    built(tools.CLIENT, "release", "test")
    tools.install_client()
    assert "going on with the one built before" in capsys.readouterr().out


def test_a_build_of_these_sources_is_made_once(tools: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    runs: list[str] = []

    def run(_command: list[str], what: str, **_options: object) -> None:
        runs.append(what)
        built(tools.CLIENT, "release", "test")

    monkeypatch.setattr(tools, "install_modules", lambda _level: None)
    monkeypatch.setattr(tools, "node_binary", lambda: Path("node"))
    monkeypatch.setattr(tools, "run", run)
    tools.install_client()
    tools.install_client()
    assert runs == ["web client"]
    assert capsys.readouterr().out == ""


def test_every_source_of_the_client_counts(tools: ModuleType) -> None:
    names = {str(path.relative_to(tools.WEB)) for path in tools.client_sources()}
    for name in ("app/src/boot.ts", "app/index.html", "app/build/bundle.mjs", "packages/vault/src/order.ts"):
        assert name in names
    assert [name for name in names if "node_modules" in name or "/dist/" in name or "/test/" in name] == []


def test_programs_of_others_are_installed_once_and_again_when_their_lock_changes(
    tools: ModuleType, monkeypatch
) -> None:
    runs: list[float] = []
    monkeypatch.setattr(tools, "run", lambda _command, _what, **how: runs.append(how["seconds"]))
    tools.install_programs()
    tools.install_programs()
    assert runs == [tools.PROGRAMS_SECONDS]
    assert (tools.PROGRAMS / "bin/python").exists()
    monkeypatch.setattr(tools, "stamp_of", lambda *_words: "another lock")
    tools.install_programs()
    assert len(runs) == 2


def test_without_a_registry_nothing_is_left_of_them_and_the_next_run_tries_again(
    tools: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_words: object, **_how: object) -> None:
        raise tools.EnvironmentRefused("no answer")

    monkeypatch.setattr(tools, "run", fail)
    for _ in range(2):
        tools.install_programs()
        assert "no answer" in capsys.readouterr().out
        assert not tools.PROGRAMS.exists()


def test_a_step_that_takes_too_long_is_ended_and_tried_again(tools: ModuleType, monkeypatch, capsys) -> None:
    monkeypatch.setattr(tools.time, "sleep", lambda _seconds: None)
    sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
    with pytest.raises(tools.EnvironmentRefused, match="not within 0 s"):
        tools.run(sleeps, "a step", attempts=2, seconds=0.1)
    assert capsys.readouterr().out.count("trying again") == 1


def test_one_process_at_a_time_prepares_a_checkout(tools: ModuleType) -> None:
    preparing = (
        "import sys; sys.path.insert(0, sys.argv[1]); import environment\n"
        "with environment.alone():\n    print('prepared', flush=True)"
    )
    argv = [sys.executable, "-c", preparing, str(ROOT / "tools")]
    with tools.alone():
        other = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert other.stdout is not None
        assert "waiting for it" in other.stdout.readline()
    assert other.communicate() == ("prepared\n", None)
