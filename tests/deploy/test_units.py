"""The systemd units: systemd takes them, the programs take their command lines, and none opens more than it must."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from programs import check, install_script, program_of
from unit_files import FOLDER, ROOT, SERVICES, TIMERS, command, read

SETTINGS = {
    "NoNewPrivileges": ["yes"],
    "CapabilityBoundingSet": [""],
    "ProtectSystem": ["strict"],
    "ProtectHome": ["yes"],
    "PrivateTmp": ["yes"],
    "PrivateDevices": ["yes"],
    "ProtectKernelTunables": ["yes"],
    "ProtectProc": ["invisible"],
    "MemoryDenyWriteExecute": ["yes"],
    "SystemCallFilter": ["@system-service", "~@privileged"],
    "RestrictSUIDSGID": ["yes"],
    "LimitCORE": ["0"],
}
LOCAL_ONLY = {f"privity-{name}" for name in ("service", "gateway", "ledger", "node", "witness", "keeper")}
ROLES = {"service", "gateway", "ledger", "relay", "node", "log", "witness", "keeper", "monitor"}
RUN_BY = {
    "service": "service",
    "relay": "relay",
    "gateway": "service",
    "ledger": "service",
    "backup": "service",
    "node": "enclave",
    "keeper": "image",
    "collateral": "image",
}
"""The environment that a unit's program is in; else the log's."""
EACH = pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)


def role(path: Path) -> str:
    return path.stem.removeprefix("privity-")


def test_every_role_has_a_unit() -> None:
    assert {role(path) for path in SERVICES} >= ROLES


def started(path: Path) -> list[str]:
    """The words of the program, without the shell that names the day."""
    words = command(read(path))
    shell = words[0] == "/bin/sh"
    return re.sub(r"\$\([^)]*\)", "DAY", words[-1].removeprefix("exec ")).split() if shell else words


@EACH
def test_a_unit_starts_a_program_that_takes_its_command_line(path: Path) -> None:
    words = started(path)
    assert check(words) is not None
    environment = RUN_BY.get(role(path), "log")
    assert words[0].startswith(f"/opt/privity/{environment}/bin/"), words[0]


@EACH
def test_a_units_program_is_in_the_environment_of_its_role(path: Path) -> None:
    found = program_of(started(path))
    assert found is not None
    folders = [ROOT / folder for folder in install_script().ROLES[RUN_BY.get(role(path), "log")]]
    projects = [tomllib.loads((folder / "pyproject.toml").read_text())["project"] for folder in folders]
    scripts = {name for project in projects for name in project.get("scripts", {})}
    modules = {main.parent.name for folder in folders for main in folder.glob("src/*/__main__.py")}
    assert found[0] in scripts | modules


@EACH
def test_a_unit_gives_its_role_nothing_that_it_does_not_need(path: Path) -> None:
    service = read(path)["Service"]
    assert {name: service.get(name) for name in SETTINGS} == SETTINGS
    assert service.get("User") or service.get("DynamicUser") == ["yes"]
    assert service.get("User") != ["root"]
    assert service["RestrictNamespaces"] == (["user net"] if role(path) == "node" else ["yes"])
    assert (service.get("IPAddressDeny") == ["any"]) is (path.stem in LOCAL_ONLY)


def test_each_role_that_keeps_something_secret_has_a_user_of_its_own() -> None:
    users = {role(path): read(path)["Service"].get("User", [""])[0] for path in SERVICES}
    made = set(re.findall(r"^u (\S+) ", (FOLDER / "privity.sysusers.conf").read_text(), re.M))
    assert {user for user in users.values() if user} == made
    alone = [users[name] for name in ("service", "gateway", "ledger", "node", "log", "witness", "keeper")]
    assert len(set(alone)) == len(alone)


def test_nodes_alone_reach_the_ledger() -> None:
    ledger, node = (read(FOLDER / f"privity-{name}.service")["Service"] for name in ("ledger", "node"))
    assert ledger["Group"] == node["Group"] != ledger["User"]
    assert ledger["RuntimeDirectory"] == ["privity-ledger"]
    # Nobody else may pass the folder of the socket, and the group none of what the ledger keeps.
    assert (ledger["RuntimeDirectoryMode"], ledger["StateDirectoryMode"]) == (["0750"], ["0700"])
    listen = json.loads((ROOT / "deploy/examples/ledger.json").read_text())["listen"]
    assert listen == "unix:/run/privity-ledger/s"
    assert f'"ledger":"{listen}"' in (ROOT / "docs/operating/node.md").read_text()


def test_nothing_of_the_node_reaches_a_swap_device() -> None:
    assert read(FOLDER / "privity-node.service")["Service"]["MemorySwapMax"] == ["0"]


def test_a_surprise_of_the_keeper_is_not_hidden_by_a_restart() -> None:
    from privity_image.cli_release import MISUSE, SURPRISE

    service = read(FOLDER / "privity-keeper.service")["Service"]
    assert service["RestartPreventExitStatus"] == [f"{MISUSE} {SURPRISE}"]


def test_backups_are_gone_before_the_day_that_receipts_promise() -> None:
    (forget,) = read(FOLDER / "privity-backup.service")["Service"]["ExecStartPost"]
    found = re.search(r"-mtime \+([0-9]+)", forget)
    promised = json.loads((ROOT / "deploy/examples/service.json").read_text())["accounts"]["backup_days"]
    # `+N` is older than N + 1 whole days, and a day passes until the next run.
    assert found is not None
    assert int(found[1]) + 2 < promised


@pytest.mark.parametrize("path", TIMERS, ids=lambda path: path.stem)
def test_a_timer_has_a_service(path: Path) -> None:
    assert path.with_suffix(".service") in SERVICES
    assert read(path)["Install"]["WantedBy"] == ["timers.target"]


@pytest.mark.system
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not on this machine")
    for path in (*SERVICES, *TIMERS):
        # The programs are looked for, and are not installed here.
        text = re.sub(r"/opt/privity/\S+", "/bin/true", path.read_text())
        (tmp_path / path.name).write_text(text)
    names = [str(tmp_path / path.name) for path in (*SERVICES, *TIMERS)]
    done = subprocess.run([analyze, "verify", "--man=no", *names], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "privity" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


@pytest.mark.system
def test_systemd_calls_the_units_well_closed(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not on this machine")
    for path in SERVICES:
        done = subprocess.run(
            [analyze, "security", "--offline=yes", "--threshold=25", "--no-pager", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{path.name}: {done.stdout[-300:]}{done.stderr}"
