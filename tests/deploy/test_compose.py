"""The compose file: what each container starts is what the unit of its role starts, in an image that holds it."""

import json
import re
import shlex
from typing import Any

import pytest
import yaml
from programs import check, install_script
from unit_files import FOLDER, ROOT, command, read, variables

COMPOSE = ROOT / "deploy/compose"
ROLES = ("service", "node", "ledger", "log", "witness", "keeper", "monitor")
SOCKET = "ledger-socket:/run/privity-ledger"
EACH = pytest.mark.parametrize("role", ROLES)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file, its merged keys resolved."""
    loaded: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
    return loaded


def started(service: dict[str, Any], known: dict[str, str]) -> list[str]:
    """The words that a container starts with these variables."""
    if service.get("entrypoint") != ["/bin/sh", "-c"]:
        return list(service["command"])
    (text,) = service["command"]
    return re.sub(r"\"?\$\$\{(\w+)\}\"?", lambda found: known[found[1]], text.removeprefix("exec ")).split()


def test_it_has_every_role_and_a_proxy(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {*ROLES, "proxy"}


@EACH
def test_a_container_starts_what_the_unit_starts(compose: dict[str, Any], role: str) -> None:
    unit, service = read(FOLDER / f"privity-{role}.service"), compose["services"][role]
    words = started(service, variables(unit))
    assert check(words) is not None
    assert words == command(unit)
    files = [f"./etc/{name.rpartition('/')[2]}" for name in unit["Service"].get("EnvironmentFile", [])]
    assert service.get("env_file", []) == files


@EACH
def test_an_image_holds_what_its_container_starts(compose: dict[str, Any], role: str) -> None:
    service = compose["services"][role]
    built = service["build"]["args"]["ROLE"]
    assert service["image"] == f"privity-{built}"
    assert built in install_script().ROLES
    program = command(read(FOLDER / f"privity-{role}.service"))[0]
    assert program.startswith(f"/opt/privity/{built}/")
    assert (COMPOSE / service["build"]["context"] / service["build"]["dockerfile"]).resolve().is_file()


@EACH
def test_a_container_gives_its_role_nothing_that_it_does_not_need(compose: dict[str, Any], role: str) -> None:
    service = compose["services"][role]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == "10001:10001"
    assert service["network_mode"] == "service:proxy"
    assert "ports" not in service
    written = [place for place in service["volumes"] if not place.endswith(":ro")]
    assert written == [f"{role}:/var/lib/privity-{role}", *([SOCKET] if role == "ledger" else [])]


def test_the_ledger_runs_where_there_are_plans_and_the_node_finds_its_socket(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {role for role in ROLES if "profiles" in services[role]} == {"ledger"}
    assert {role for role in ROLES if any(place.startswith(SOCKET) for place in services[role]["volumes"])} == {
        "ledger",
        "node",
    }
    assert f"{SOCKET}:ro" in services["node"]["volumes"]
    listen = json.loads((ROOT / "deploy/examples/ledger.json").read_text())["listen"]
    assert listen.removeprefix("unix:").startswith(SOCKET.partition(":")[2])


def test_every_volume_is_declared_and_every_bind_is_for_reading(compose: dict[str, Any]) -> None:
    places = [place for service in compose["services"].values() for place in service["volumes"]]
    named = {place.partition(":")[0] for place in places if not place.startswith(".")}
    assert named == set(compose["volumes"])
    assert all(place.endswith(":ro") for place in places if place.startswith("."))
    assert (COMPOSE / "../proxy/Caddyfile").is_file()


def test_the_containerfile_copies_what_there_is_and_all_that_the_roles_need() -> None:
    text = (COMPOSE / "Containerfile").read_text()
    copied = [line.split()[1] for line in text.splitlines() if line.startswith("COPY ") and "--from" not in line]
    assert all((ROOT / name).exists() for name in copied)
    needed = {folder for folders in install_script().ROLES.values() for folder in folders}
    assert all(any(folder.startswith(name) for name in copied) for folder in needed)
    kept = [line[1:] for line in (COMPOSE / "Containerfile.dockerignore").read_text().splitlines() if line[:1] == "!"]
    assert sorted(kept) == sorted(copied)
    folders = re.search(r"for name in ([a-z ]+);", text)
    assert folders is not None
    assert set(folders[1].split()) == set(ROLES)


@EACH
def test_the_files_that_a_container_reads_have_an_example(compose: dict[str, Any], role: str) -> None:
    examples = ROOT / "deploy/examples"
    for name in compose["services"][role].get("env_file", []):
        assert (examples / name.removeprefix("./etc/")).is_file()
    for name in re.findall(r"/etc/privity/([\w.]+)", " ".join(compose["services"][role]["command"])):
        made = {"release.json", "node.json"}  # by the operator, as install.md says: a release and a node of one's own
        assert name in made or (examples / name).is_file(), name


def test_the_documented_container_commands_name_what_there_is(compose: dict[str, Any]) -> None:
    text = (ROOT / "docs/operating/install.md").read_text()
    lines = re.findall(r"docker compose -f (\S+) (\w+)(.*?)(?=[`\n])", text)
    assert {verb for _, verb, _ in lines} == {"build", "up", "run"}
    for file, verb, rest in lines:
        assert (ROOT / file).samefile(COMPOSE / "compose.yaml")
        if verb == "run":
            *_, role, command_line = shlex.split(rest)
            assert compose["services"][role]["entrypoint"] == ["/bin/sh", "-c"]
            assert check(shlex.split(command_line.removeprefix("exec "))) is not None


def test_the_relay_of_others_starts_what_its_unit_starts_and_is_given_nothing_more() -> None:
    relay = yaml.safe_load((COMPOSE / "relay.yaml").read_text())["services"]["relay"]
    words = command(read(FOLDER / "privity-relay.service"))
    assert check(words) == "privity-relay"
    assert relay["command"] == words
    assert (relay["image"], relay["build"]["args"]["ROLE"]) == ("privity-relay", "relay")
    assert (COMPOSE / relay["build"]["context"] / relay["build"]["dockerfile"]).resolve().is_file()
    assert (relay["read_only"], relay["cap_drop"], relay["user"]) == (True, ["ALL"], "10001:10001")
    assert relay["security_opt"] == ["no-new-privileges:true"]
    assert relay["volumes"] == ["./etc:/etc/privity:ro"]
    assert (relay["network_mode"], "ports" in relay) == ("host", False)
    assert json.loads((ROOT / "deploy/examples/relay.json").read_text())["listen"]["host"] == "127.0.0.1"
