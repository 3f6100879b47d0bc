"""What the node's simulated platform produces is what the verifier accepts, and nothing else of it."""

import hashlib
import time
from dataclasses import dataclass, replace

import pytest
from privity_attest.appraise import appraise
from privity_attest.errors import Refused
from privity_attest.logged import NOTHING_LOGGED, without_log
from privity_attest.memory import Memory
from privity_attest.policy import local_policy
from privity_attest.result import SimulatedAppraisal
from privity_attest.simulated.document import pin_of_pem
from privity_enclave.hardware import measure
from privity_enclave.hardware.nvidia import Nvidia
from privity_enclave.hardware.simulated import Simulated
from privity_enclave.keys import Clock, KeyRing, Statement
from privity_protocol import canonical
from privity_simulation.development_root import make_root

WEIGHTS = hashlib.sha256(b"weights").hexdigest()
CONFIGURATION = canonical.encode({"v": 1})
MODEL = {
    "id": "privity/demonstration", "display": "Demonstration", "sha256": [WEIGHTS], "engine": "xllamacpp 1",
    "settings": "00" * 32, "context": 2048, "demonstration": True,
}  # fmt: skip
MODELS = canonical.encode({"v": 1, "models": [MODEL]})


@dataclass(frozen=True)
class Installation:
    """A ring of keys on a simulated platform, and the pin of its root."""

    ring: KeyRing
    pin: bytes

    def judge(self, bundle: bytes, *, nonce: bytes | None = None, key: bytes | None = None) -> SimulatedAppraisal:
        now = int(time.time())
        policy = local_policy(now=now, deployment="local", allow_simulated=True, roots=[self.pin])
        logged = NOTHING_LOGGED if key is None else without_log(key)
        result = appraise(bundle, now=now, policy=policy, logged=logged, nonce=nonce, memory=Memory())
        assert isinstance(result, SimulatedAppraisal)
        return result


def extend(simulated: Simulated, tag: bytes, payload: bytes) -> bytes:
    """Extend the runtime register by one event and return its bytes for the log."""
    event = len(tag).to_bytes(4) + tag + len(payload).to_bytes(4) + payload
    simulated.extend(event)
    return event


@pytest.fixture
def installation(tmp_path) -> Installation:
    make_root(tmp_path)
    simulated = Simulated(tmp_path, code=measure.code(), closure=measure.closure())
    release = canonical.encode(
        {
            "v": 1, "t": "release", "name": "local", "version": "0", "source": "local", "flags": [], "not_before": 0,
            "platforms": {"simulated": {"0": measure.code().hex(), "1": measure.closure().hex()}},
            "configuration": [hashlib.sha256(CONFIGURATION).hexdigest()], "models": [WEIGHTS],
        }
    )  # fmt: skip
    log = extend(simulated, b"privity/configuration", hashlib.sha256(CONFIGURATION).digest())
    log += extend(simulated, b"privity/models", hashlib.sha256(MODELS).digest())
    log += extend(simulated, b"privity/closed", b"")
    statement = Statement(
        node=bytes(16), deploy="local", profiles=("p0", "p1"), egress="none", models=("privity/demonstration",),
        configuration_item=CONFIGURATION, models_item=MODELS, release_item=release, runtime_log=log,
        collateral=None, anchor=None,
    )  # fmt: skip
    clock = Clock(wall=lambda: int(time.time()), steady=time.monotonic)
    return Installation(
        KeyRing(simulated, Nvidia(gpus=0, switches=0), statement, clock),
        pin_of_pem((tmp_path / "root.pem").read_bytes()),
    )


def test_a_window_is_accepted_for_its_two_hours(installation) -> None:
    window = installation.ring.begin()
    result = installation.judge(window.bundle)
    assert result.document == window.document
    assert result.record.valid_until == window.document.exp
    assert result.models[0].id == "privity/demonstration"


def test_a_challenge_is_accepted_for_its_nonce_and_key(installation) -> None:
    window = installation.ring.begin()
    installation.ring.admit(window)
    nonce = bytes(range(32))
    answer = installation.ring.challenge(window.kid, nonce)
    assert installation.judge(answer, nonce=nonce, key=window.document.pk).document == replace(
        window.document, nonce=nonce
    )
    with pytest.raises(Refused, match="nonce_mismatch"):
        installation.judge(answer)


def test_another_installation_is_refused(installation) -> None:
    stranger = replace(installation, pin=bytes(32))
    with pytest.raises(Refused, match="root_not_pinned"):
        stranger.judge(installation.ring.begin().bundle)
