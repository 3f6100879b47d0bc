"""How this device gets in: it signs a challenge, and holds a token for an hour.

Source: specs/service-api.md, specs/access.md.
"""

from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol.stored import access
from privity_vault import recovery
from privity_vault.recovery import RecoveryLetters

from privity_client.history import answers
from privity_client.history.answers import Token
from privity_client.history.calls import Call, Flow, Reply, expect, text_of
from privity_client.history.custody import DeviceKeys


@dataclass(slots=True, repr=False)
class Access:
    """Sends calls as one device. The token is renewed once when the service no longer takes it."""

    origin: str
    account: bytes
    device: bytes
    signing: DeviceKeys
    token: Token | None = None
    fresh: Token | None = None
    """Of a passkey or recovery code, proved within the last five minutes."""

    def __repr__(self) -> str:
        return "Access(<secret>)"

    def send(self, call: Call, *statuses: int) -> Flow[Reply]:
        """Send a call that needs a token. Raises ServiceRefused, Malformed."""
        if self.token is None:
            self.token = yield from self.sign_in()
        reply = yield replace(call, token=self.token.text)
        if reply.status == 401:
            self.token = yield from self.sign_in()
            reply = yield replace(call, token=self.token.text)
        return expect(reply, *statuses)

    def send_fresh(self, call: Call, *statuses: int) -> Flow[Reply]:
        """Send a call that needs a fresh token. Raises ServiceRefused `access.scope` when there is none."""
        token = self.fresh or self.token
        return expect((yield replace(call, token=None if token is None else token.text)), *statuses)

    def sign_in(self) -> Flow[Token]:
        """Prove this device. Raises ServiceRefused `access.refused` for a revoked one."""
        begun = answers.challenge(
            expect((yield Call("POST", "/v1/access/begin", json={"kind": "device"})), 200), creating=False
        )
        message = access.device_bytes(
            origin=self.origin, account=self.account, device=self.device, challenge=begun.challenge
        )
        proof = {
            "kind": "device",
            "account": text_of(self.account),
            "device": text_of(self.device),
            "signature": text_of(self.signing.signing.sign(message)),
        }
        return (yield from _finish(begun.session, proof))


def with_code(letters: RecoveryLetters, *, origin: str) -> Flow[Token]:
    """Prove a recovery code: the token may open, and is fresh for five minutes. Raises ServiceRefused."""
    begun = answers.challenge(
        expect((yield Call("POST", "/v1/access/begin", json={"kind": "recovery"})), 200), creating=False
    )
    finder, signature = recovery_proof(letters, origin=origin, challenge=begun.challenge)
    proof = {"kind": "recovery", "finder": text_of(finder), "signature": text_of(signature)}
    return (yield from _finish(begun.session, proof))


def recovery_proof(letters: RecoveryLetters, *, origin: str, challenge: bytes) -> tuple[bytes, bytes]:
    """Return finder and signature for a challenge of this origin."""
    found = recovery.access(letters)
    message = access.recovery_bytes(origin=origin, finder=found.finder, challenge=challenge)
    return found.finder, Ed25519PrivateKey.from_private_bytes(found.signing_seed.reveal()).sign(message)


def _finish(session: bytes, proof: dict[str, str]) -> Flow[Token]:
    call = Call("POST", "/v1/access/finish", json={"session": text_of(session), "proof": proof})
    return answers.token(expect((yield call), 200))
