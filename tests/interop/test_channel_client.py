"""The built TypeScript client against a whole installation: evidence, streamed answers, resume, stop, a challenge."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import node_binary
from privity_client.appraisal import read_root
from privity_client.models import shelf
from privity_client.trust import pins

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "bench")]

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """`privity serve` with a small model of random weights."""
    from random_model import SHAPES, build
    from served import Served

    folder = tmp_path_factory.mktemp("served")
    build(folder / "random.gguf", SHAPES["tiny"])
    made = Served(folder, folder / "random.gguf")
    # So long that an answer can be stopped before it ends by itself.
    shelf.add(made.home.models, folder / "random.gguf", model_id="tiny", context=4096)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def report(script: str, *words: str) -> dict[str, Any]:
    """What a script of this folder prints."""
    node = node_binary()
    if node is None or not (ROOT / "user/web/packages/channel/dist/src/sdk.js").exists():
        pytest.skip("the TypeScript packages are not built: npm ci && npm run build in user/web")
    done = subprocess.run([node, str(HERE / script), *words], capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.fixture(scope="module")
def visit(served: Any) -> dict[str, Any]:
    """What the TypeScript client reports of one visit."""
    pin = pins.folder(served.home.root, served.url) / "pin.json"
    root = read_root(served.home.root_certificate).hex()
    return report("channel_client.mjs", served.url, str(pin), root, str(served.home.root / "bundle.json"))


def test_without_consent_the_test_enclave_is_refused_and_nothing_is_sent(visit: dict[str, Any]) -> None:
    assert visit["refused"]["reason"] == "simulated_not_allowed"
    assert visit["refused"]["checks"] > 30
    assert visit["postedBefore"] == 0


def test_a_streamed_answer_is_complete_and_the_next_needs_no_hello(visit: dict[str, Any]) -> None:
    first, second = visit["first"], visit["second"]
    assert first["kinds"] == ["accepted", "line", "complete"]
    assert first["state"] == second["state"] == "complete"
    assert len(first["said"]) > 5
    assert first["usage"]["completion"] == second["usage"]["completion"] == 12
    assert second["usage"]["prompt"] > first["usage"]["prompt"], "the first turn is repeated to the model"
    assert first["asked"] == ["/ec1/hello", "/ec1/run"]
    assert second["asked"] == ["/ec1/run"]


def test_a_cut_answer_is_resumed(visit: dict[str, Any]) -> None:
    resumed = visit["resumed"]
    assert "resuming" in resumed["kinds"]
    assert resumed["kinds"][-1] == "complete"
    assert resumed["usage"]["completion"] == 380
    assert resumed["asked"] == ["/ec1/hello", "/ec1/run"] * 2


def test_a_stopped_answer_ends_at_the_node(visit: dict[str, Any]) -> None:
    ended = visit["ended"]
    assert (ended["state"], ended["reason"]) == ("stopped", "stopped")
    assert ended["completion"] < 3800


def test_what_a_person_left_is_partial(visit: dict[str, Any]) -> None:
    assert visit["gone"] == {"fault": "AbortError", "state": "partial"}


def test_a_fresh_challenge_is_answered_over_the_same_key(visit: dict[str, Any]) -> None:
    record = visit["record"]
    assert (record["outcome"], record["reasons"]) == ("accepted_as_simulated", [])
    made = {check["check"]: check["outcome"] for check in record["checks"]}
    assert made["nonce"] == made["key"] == made["anchor"] == made["release_logged"] == "passed"


def test_what_is_remembered_is_no_evidence_against_anyone(visit: dict[str, Any]) -> None:
    assert visit["remembered"] > 500
    assert visit["evidence"] == 0


def test_the_node_names_the_models_that_were_measured(visit: dict[str, Any]) -> None:
    assert visit["models"] == visit["named"]
    assert visit["models"][0]["id"] == visit["provenance"]["model"]["id"] == "tiny"


def test_the_evidence_of_an_answer_is_judged_again_by_the_command_line(visit: dict[str, Any], served: Any) -> None:
    kept = visit["provenance"]
    assert kept["proof"] == "test"
    file = str(served.home.root / "bundle.json")
    done = served.run("verify-bundle", file, "--at", str(kept["appraisedAt"]), "--allow-simulated", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads(done.stdout)["record"]
    assert record["outcome"] == "accepted_as_simulated"
    assert record["claims"]["release_leaf"]["value"] == kept["releaseLeaf"]


def test_the_web_client_s_worker_sends_nothing_before_consent_and_tells_each_answer_to_its_end(served: Any) -> None:
    said = report("channel_worker.mjs", served.url)
    first, record, stopped = said["first"], said["record"], said["stopped"]
    assert (first["verdict"], first["reasons"]) == ("refused", ["simulated"])
    assert first["roots"] == [read_root(served.home.root_certificate).hex()]
    assert (said["refused"]["state"], said["refused"]["reason"]) == ("failed", "simulated_not_allowed")
    assert said["postedBefore"] == 0
    assert (record["verdict"], record["reasons"]) == ("test", [])
    assert {check["outcome"] for check in record["checks"] if check["name"] in ("nonce", "key", "anchor")} == {"passed"}
    assert record["entry"]["index"] >= 0
    assert [len(log["witnesses"]) for log in record["logs"]] == [1, 1]
    assert [model["id"] for model in said["models"]] == ["tiny"]
    assert (stopped["state"], stopped["proof"], stopped["reason"]) == ("stopped", "test", "")
    assert stopped["kinds"] == ["accepted", "piece", "ended"]
    assert 0 < len(stopped["said"]) < 3900
    assert all(stopped["bytes"])
    assert said["posted"][0] == "/ec1/challenge"
    assert said["conviction"] is None
    assert said["kept"] == ["consent", "memory", "origin", "pin", "release", "remembered"]
