"""`privity-release`: what each command logs, what it refuses to log, and what a person is told."""

import json
from hashlib import sha256

import pytest
from keeper_world import ORIGINS, World
from privity_attest import policy as appraisal
from privity_attest import release
from privity_attest.testing.bundle import NOW
from privity_image.cli_release import app
from privity_image.keeper import appraisal_policy, fleet_key
from privity_image.keeper import settings as chosen
from privity_image.release import drafts
from privity_protocol import canonical
from privity_tlog import proof, witness_policy
from privity_tlog.leaves import fleet, reading, revocations, trust, web
from typer.testing import CliRunner

DAY = 86_400
DIGEST = "ab" * 32
SIMULATED = {"simulated": {"0": "ab" * 48, "1": "cd" * 48}}
HARDWARE = {"nitro": {"pcrs": {"0": ["ab" * 48], "1": ["cd" * 48], "2": ["ef" * 48]}}}


class Desk:
    """An operator with a configuration, in a world with two empty logs."""

    def __init__(self, folder, monkeypatch) -> None:
        self.world, self.folder = World(folder), folder
        monkeypatch.setattr("privity_image.release.desk.Wire", lambda: self.world)
        monkeypatch.setattr("privity_image.release.desk.time.time", lambda: self.world.now)
        monkeypatch.setattr("time.time", lambda: self.world.now)
        (folder / "policy").write_bytes(self.world.policy_text())
        self.home = folder / "home"
        said = [
            "--deploy",
            "local",
            "--policy",
            str(folder / "policy"),
            "--read",
            "http://log/",
            "--append",
            "http://log",
        ]
        self.ran = self.run("init", str(self.home), "--host", "local", *said, "--token", str(folder / "token"))
        self.config = str(self.home / "keeper.json")

    def run(self, *words: str, code: int = 0) -> str:
        """The output of a command, which must end so."""
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == code, done.output
        return done.output

    def command(self, *words: str, code: int = 0) -> str:
        """The output of a command that reads the configuration."""
        return self.run(*words, "--config", self.config, code=code)

    def begin(self) -> None:
        """Log what stands before the first release."""
        self.command("policy", "--appraisal", str(self.home / "appraisal.json"))
        self.command("fleet", "add", DIGEST, "--type", "tdx", "--reason", "bought", "--source", "the operator")
        self.command("revocations")

    def leaves(self, name: str = "release") -> list[bytes]:
        return self.world.logs[name].leaves

    def prepare(self, *more: str, version: str = "1.0.0", platforms: object = None, code: int = 0) -> str:
        """The output of preparing a release into `leaf.json`."""
        path = self.folder / "platforms.json"
        path.write_bytes(canonical.encode(platforms or HARDWARE))
        said = ["--name", "enclave", "--version", version, "--source", "a" * 40, "--platforms", str(path)]
        said += ["--configuration", DIGEST, "--model", DIGEST, "--out", str(self.folder / "leaf.json"), *more]
        return self.command("prepare", *said, code=code)

    def log(self, code: int = 0) -> str:
        return self.command("log", str(self.folder / "leaf.json"), code=code)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    return Desk(tmp_path, monkeypatch)


def test_init_makes_what_the_keeper_reads(desk) -> None:
    read = chosen.load(desk.home / "keeper.json")
    assert read.logs["keys"].read == "http://log/keys"
    key = fleet_key.read(read.fleet_keys[0])
    assert key.public.id.hex() in desk.ran
    policy = appraisal.decode((desk.home / "appraisal.json").read_bytes())
    assert (policy.deployment, policy.allow_simulated) == ("local", False)
    assert appraisal.below_floor(policy) == ()
    before = (desk.home / "fleet.key").read_bytes()
    words = ["--host", "local", "--deploy", "local", "--policy", "/p", "--read", "http://log", "--append", "http://log"]
    desk.run("init", str(desk.home), *words, "--token", "/t", code=1)
    assert (desk.home / "fleet.key").read_bytes() == before


def test_the_course_of_a_release(desk) -> None:
    desk.begin()
    assert [reading.kind_of(leaf) for leaf in desk.leaves()] == ["policy", "fleet", "revocations"]
    assert "the first release of this log" in desk.prepare()
    assert "release: leaf 3" in desk.log()
    leaf = desk.leaves()[-1]
    assert release.decode(leaf).not_before == NOW + DAY + 3600
    made = (desk.folder / "leaf.json.tlog-proof").read_bytes()
    proof.verify(made, leaf, witness_policy.decode(desk.world.policy_text()), origin=ORIGINS["release"])


def test_the_keeper_posts_what_was_logged_by_hand_once_it_has_the_policy(desk) -> None:
    desk.begin()
    desk.world.bootstrap = False
    keeper = desk.world.keeper()
    keeper._signers = (fleet_key.read(desk.home / "fleet.key"),)
    keeper.one_pass()
    assert "is not at hand" in desk.world.said("not_posted")[0]
    (desk.home / "state" / "appraisals").rename(desk.folder / "state" / "appraisals")
    keeper.one_pass()
    (machine,) = desk.world.posted().fleet.platforms
    assert machine.id.hex() == DIGEST


def test_before_the_first_release_stand_the_other_leaves(desk) -> None:
    desk.prepare()
    assert "policy, fleet, revocations" in desk.log(code=1)
    assert desk.leaves() == []


def test_a_release_that_was_prepared_too_long_ago_is_not_logged(desk) -> None:
    desk.begin()
    desk.prepare()
    desk.world.pass_time(3600 + 301)
    assert "less than 24 hours" in desk.log(code=1)
    desk.prepare()
    desk.log()


def test_an_emergency_is_flagged(desk) -> None:
    desk.begin()
    desk.prepare()
    desk.log()
    assert "an emergency" in desk.prepare("--emergency", version="1.0.1")
    desk.log()
    read = release.decode(desk.leaves()[-1])
    assert (read.flags, read.not_before) == (("emergency",), NOW + 3600)


def test_at_once_only_where_every_platform_is_simulated(desk) -> None:
    desk.begin()
    assert "simulated" in desk.prepare("--now", code=1)
    both = {**SIMULATED, **HARDWARE}
    desk.prepare("--now", platforms=both, code=1)
    desk.prepare("--now", platforms=SIMULATED)
    desk.log()
    assert release.decode(desk.leaves()[-1]).not_before == NOW
    desk.prepare("--now", "--emergency", platforms=SIMULATED, code=2)


def test_what_a_release_changes_is_said_in_words() -> None:
    def leaf(**changes: object) -> bytes:
        wanted = {"name": "e", "version": "1", "source": "local", "platforms": SIMULATED, "configuration": [DIGEST]}
        return drafts.release_leaf(drafts.Wanted(**{**wanted, "models": [DIGEST], "start": "now", **changes}), NOW)

    first = leaf()
    assert drafts.changes(None, first) == ["the first release of this log: e 1"]
    assert drafts.changes(first, leaf()) == ["nothing but the time from which it may run"]
    second = leaf(
        version="2",
        configuration=["cd" * 32],
        models=[DIGEST, "ef" * 32],
        platforms={"simulated": {"0": "00" * 48, "1": "cd" * 48}, "sim_tpm": {"pcrs": {"11": ["ab" * 32]}}},
        start="emergency",
    )
    assert drafts.changes(first, second) == [
        "version: 1 → 2",
        f"configuration no longer allowed: {DIGEST}",
        f"configuration newly allowed: {'cd' * 32}",
        f"model weights newly allowed: {'ef' * 32}",
        "runs on sim_tpm now",
        "measures differently on simulated",
        "an emergency: clients show that it began in less than a day",
    ]
    assert "no longer runs on sim_tpm" in drafts.changes(second, first)


def test_the_fleet_grows_and_shrinks(desk) -> None:
    desk.begin()
    desk.world.now += 5
    desk.command("fleet", "add", "cd" * 32, "--type", "sev_snp", "--reason", "rented", "--source", "the cloud")
    desk.command("fleet", "remove", DIGEST)
    read = fleet.decode(desk.leaves()[-1])
    assert [one.id.hex() for one in read.platforms] == ["cd" * 32]
    (key,) = read.keys
    assert key.ed25519 == fleet_key.read(desk.home / "fleet.key").public.ed25519
    said = desk.command("fleet", "list")
    assert "rented" in said
    assert "does not list" in desk.command("fleet", "remove", DIGEST, code=1)
    desk.command("fleet", "remove", "no digest", code=2)


def test_what_is_revoked_stays_revoked(desk) -> None:
    desk.begin()
    desk.command("revoke", "release", DIGEST)
    desk.command("revoke", "platform", "cd" * 32)
    desk.command("revocations")
    read = revocations.decode(desk.leaves()[-1])
    assert (read.releases, read.platforms) == ((bytes.fromhex(DIGEST),), (bytes.fromhex("cd" * 32),))
    shorter = revocations.encode(revocations.Revocations(NOW, (), (), ()))
    (desk.folder / "leaf.json").write_bytes(shorter)
    assert "lists fewer releases" in desk.log(code=1)


def test_a_policy_is_kept_before_it_is_logged(desk) -> None:
    desk.begin()
    logged = trust.decode(desk.leaves()[0])
    document = (desk.home / "appraisal.json").read_bytes()
    assert logged.appraisal_policy == sha256(document).digest()
    assert (desk.home / "state" / "appraisals" / logged.appraisal_policy.hex()).read_bytes() == document
    assert logged.witness_policy.encode() == desk.world.policy_text()


def test_a_policy_only_goes_forward_and_never_below_the_floor(desk) -> None:
    desk.begin()
    path = desk.folder / "other.json"
    path.write_bytes(appraisal_policy.document(deploy="local", roots=(bytes(32),), version=1, now=NOW))
    assert "greater" in desk.command("policy", "--appraisal", str(path), code=1)
    path.write_bytes(appraisal_policy.document(deploy="other", roots=(), version=2, now=NOW))
    assert "is for other" in desk.command("policy", "--appraisal", str(path), code=1)
    value = json.loads((desk.home / "appraisal.json").read_bytes())
    path.write_bytes(canonical.encode({**value, "version": 2, "max_key_lifetime": 999_999}))
    assert "max_key_lifetime" in desk.command("policy", "--appraisal", str(path), code=1)
    path.write_bytes(canonical.encode({**value, "version": 2}))
    desk.command("policy", "--appraisal", str(path))
    desk.command("policy")
    assert len([leaf for leaf in desk.leaves() if b'"t":"policy"' in leaf]) == 2


def test_a_web_build_is_logged_file_by_file(desk) -> None:
    build = desk.folder / "build"
    (build / "assets").mkdir(parents=True)
    (build / "index.html").write_text("<!doctype html>")
    (build / "assets" / "main.js").write_text("1")
    desk.command("web", str(build), "--version", "1.0", "--source", "local")
    read = web.decode(desk.leaves()[-1])
    assert read.files == {
        name: sha256((build / name).read_bytes()).digest() for name in ("index.html", "assets/main.js")
    }
    (build / "link").symlink_to(build / "index.html")
    assert "no regular file" in desk.command("web", str(build), "--version", "1.1", "--source", "local", code=1)
    (build / "link").unlink()
    (build / "index.html").unlink()
    desk.command("web", str(build), "--version", "1.1", "--source", "local", code=1)


@pytest.mark.parametrize(
    "leaf",
    [
        b"{}",
        b'{"t":"directory"}',
        b'{"t":"release"}',
        b'{"t":"unheard-of"}',
        revocations.encode(revocations.Revocations(NOW + 301, (), (), ())),
        b"x" * 65_536,
    ],
)
def test_what_is_no_leaf_for_a_person_to_log_is_refused(desk, leaf) -> None:
    (desk.folder / "leaf.json").write_bytes(leaf)
    desk.log(code=1)
    assert desk.leaves() == desk.leaves("keys") == []


def test_a_leaf_that_is_older_than_the_one_before_is_refused(desk) -> None:
    desk.begin()
    desk.world.now += 100
    desk.command("revocations")
    (desk.folder / "leaf.json").write_bytes(revocations.encode(revocations.Revocations(NOW, (), (), ())))
    assert "before that of the older one" in desk.log(code=1)


def test_status_says_what_is_missing_and_what_ends(desk) -> None:
    found = {row["what"]: row for row in json.loads(desk.command("status", "--json", code=1))}
    assert found["fleet"] == {"what": "fleet", "says": "none", "since": None, "ends": None, "due": True}
    desk.begin()
    desk.prepare("--now", platforms=SIMULATED)
    desk.log()
    found = {row["what"]: row for row in json.loads(desk.command("status", "--json", code=1))}
    assert [name for name, row in found.items() if row["due"]] == ["directory"]
    assert found["fleet"]["says"] == "1 machines, 1 keys"
    assert found["policy"]["ends"] == NOW + 30 * DAY
    assert found["revocations"]["ends"] == NOW + 8 * DAY
    said = desk.command("status", code=1)
    assert "enclave 1.0.0" in said
    assert "in 30 d" in said


def test_a_log_with_two_histories_ends_a_command(desk) -> None:
    desk.begin()
    desk.world.keeper()
    desk.world.bootstrap = False
    keeper = desk.world.keeper()
    keeper.one_pass()
    (desk.home / "state" / "views").write_bytes((desk.folder / "state" / "views").read_bytes())
    desk.leaves().pop()
    assert "checkpoint_rollback" in desk.command("status", code=3)


def test_a_configuration_that_is_not_there_is_misuse(desk) -> None:
    desk.run("status", "--config", str(desk.folder / "absent"), code=2)
    (desk.folder / "policy").unlink()
    desk.command("status", code=2)
