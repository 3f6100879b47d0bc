"""The example configurations, each read by the role that it is for; and the script that makes environments."""

import json
import subprocess
from pathlib import Path

import pytest
from privity_client.models import shelf
from privity_client.serve import plan
from privity_enclave import configuration as node
from privity_image.collateral import settings as collateral
from privity_image.commands import release
from privity_image.keeper import settings as keeper
from privity_log.commands.run import known_logs, read_policy
from privity_log.commands.watch import Logs
from privity_log.process import WITNESS_KINDS, make_logs, signers_of
from privity_service import configuration as service
from privity_service.gateway import settings as gateway
from privity_service.ledger import settings as ledger
from privity_service.relay import settings as relay
from privity_tlog import keys
from programs import install_script

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "deploy/examples"
READERS = {
    "service.json": service.read,
    "relay.json": relay.read,
    "gateway.json": gateway.read,
    "ledger.json": ledger.read,
    "node-simulated.json": lambda path: node.decode(path.read_bytes()),
    "node-confidential.json": lambda path: node.decode(path.read_bytes()),
    "keeper.json": keeper.load,
    "keeper-simulated.json": keeper.load,
    "collateral.toml": collateral.load,
    "policy.txt": read_policy,
}
VARIABLES = {"node.env", "log.env", "witness.env", "monitor.env"}
"""Read by systemd: tests/deploy/test_units.py gives what they hold to the programs."""


def test_every_example_has_a_reader() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == set(READERS) | VARIABLES


@pytest.mark.parametrize("name", READERS)
def test_the_role_itself_takes_an_example(name: str) -> None:
    assert READERS[name](EXAMPLES / name) is not None


def test_the_examples_belong_together() -> None:
    blind, kept = service.read(EXAMPLES / "service.json"), keeper.load(EXAMPLES / "keeper.json")
    policy = read_policy(EXAMPLES / "policy.txt")
    assert blind.accounts is not None
    assert {blind.deploy, kept.deploy} == {
        node.decode((EXAMPLES / f"node-{kind}.json").read_bytes()).deploy for kind in ("simulated", "confidential")
    }
    assert blind.published == str(kept.published)
    assert tuple(blind.nodes) == kept.nodes
    assert {log.origin for log in blind.logs} == {place.origin for place in kept.logs.values()} == set(policy.logs)
    assert {log.origin: log.url for log in blind.logs}.items() <= policy.urls.items()
    opened = gateway.read(EXAMPLES / "gateway.json")
    assert (opened.public, opened.service) == (blind.public_run_origin, f"http://127.0.0.1:{blind.service.port}")
    assert opened.run == f"http://127.0.0.1:{blind.relay.port}"
    assert [log.origin for log in opened.logs] == [log.origin for log in blind.logs]
    spent = ledger.read(EXAMPLES / "ledger.json")
    assert (spent.deploy, spent.published) == (blind.deploy, blind.published)
    carried = relay.read(EXAMPLES / "relay.json")
    assert carried.gateway == opened.public
    assert (carried.service, carried.run) == (blind.accounts.origin, blind.public_run_origin)
    assert {log.origin: log.url for log in carried.logs} == {log.origin: log.url for log in blind.logs}
    assert "network_isolation" in (EXAMPLES / "node-confidential.json").read_text()
    assert node.decode((EXAMPLES / "node-confidential.json").read_bytes()).engine.network_isolation == "required"


def test_the_trial_serves_the_demonstration_model_as_it_is_in_the_tree() -> None:
    built_in = shelf.demonstration()
    assert built_in is not None
    wanted = json.loads(plan.node_configuration([built_in]))["models"]
    assert json.loads((EXAMPLES / "node-simulated.json").read_bytes())["models"] == wanted


def test_the_keepers_example_is_what_its_own_command_writes(tmp_path: Path) -> None:
    kept = json.loads((EXAMPLES / "keeper.json").read_bytes())
    made = {"fleet_keys", "state", "published"}
    assert release.init(tmp_path, {name: value for name, value in kept.items() if name not in made}, now=1) == 0
    written = (tmp_path / release.CONFIGURATION).read_text().replace(str(tmp_path), "/var/lib/privity-keeper")
    assert json.loads(written) == kept


def test_the_policy_is_made_of_what_the_key_commands_print(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_logs(tmp_path / "log", "log.chat.example", tmp_path / "log/private")
    printed = capsys.readouterr().out
    for one in signers_of(tmp_path / "witness.key", "witness.chat.example/one", WITNESS_KINDS):
        kind = "mldsa44" if one.key.type == keys.COSIGNATURE_MLDSA44 else "ed25519"
        printed += f"witness witness.chat.example/one-{kind} {keys.encode(one.key)}\n"
    where = ("-v", "read=https://log.chat.example", "-v", "witness=http://127.0.0.1:8084")
    command = ["awk", *where, "-f", str(ROOT / "deploy/policy.awk")]
    made = subprocess.run(command, input=printed, capture_output=True, text=True, check=True).stdout
    (tmp_path / "policy.txt").write_text(made)
    ours, example = read_policy(tmp_path / "policy.txt"), read_policy(EXAMPLES / "policy.txt")
    assert (ours.urls, ours.quorum, set(ours.logs)) == (example.urls, example.quorum, set(example.logs))
    assert [len(found) for found in ours.logs.values()] == [2, 2]
    places = Logs(tmp_path, known_logs(tmp_path / "policy.txt", []), None).places()
    assert places["log.chat.example/keys"] == "https://log.chat.example/keys"


def test_an_environment_holds_the_role_and_what_it_imports() -> None:
    import tomllib

    for role, folders in install_script().ROLES.items():
        assert (ROOT / "requirements" / f"{role}.lock").exists()
        projects = [tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"] for folder in folders]
        ours = {project["name"] for project in projects}
        needed = {name for project in projects for name in project["dependencies"] if name.startswith("privity-")}
        assert needed < ours, role


def test_an_existing_environment_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert install_script().main(["log", str(tmp_path)]) == 1
    assert "a new release gets a new folder" in capsys.readouterr().err
    assert install_script().main(["nobody", str(tmp_path / "new")]) == 2
    assert list(tmp_path.iterdir()) == []
