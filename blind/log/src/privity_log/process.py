"""The processes behind `privity-log serve` and `privity-log witness`: open, listen, say READY, end on a signal."""

import asyncio
import json
import logging
import os
import secrets
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from privity_tlog import keys
from privity_tlog.keys import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, NOTE_ED25519
from privity_tlog.witness_policy import WitnessPolicy
from starlette.applications import Starlette

from privity_log import append_endpoint, published_files, sequencer, signer, witness_server
from privity_log.errors import LogError
from privity_log.limits import WITNESS_SECONDS
from privity_log.live import LiveLog
from privity_log.pkcs11_token import Pkcs11Token, open_token
from privity_log.reading import PUBLIC
from privity_log.sequencer import COMMITTED
from privity_log.servers import Server, bind, serve, shown
from privity_log.signer import SEED, Signer
from privity_log.store import DirectoryStore, locked
from privity_log.witness import Witness
from privity_log.witness_state import WitnessState

LOG_KINDS: Final = (NOTE_ED25519, COSIGNATURE_MLDSA44)
WITNESS_KINDS: Final = (COSIGNATURE_ED25519, COSIGNATURE_MLDSA44)
_SUFFIXES: Final = {COSIGNATURE_ED25519: "ed25519", COSIGNATURE_MLDSA44: "mldsa44"}
LOGS: Final = ("release", "keys")
CREDENTIAL: Final = "token"


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """A PKCS#11 token: the library that reaches it, its label, and the file with its PIN."""

    module: Path
    label: str
    pin: Path

    def open(self) -> Pkcs11Token:
        """Log in. Raises LogError `key_file`, `token`."""
        return open_token(self.module, self.label, self.pin)


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What `serve` is told: its folder, its host name, who cosigns, where to listen, and where its keys are."""

    home: Path
    host: str
    policy: WitnessPolicy
    listen: str
    append: str
    keys: Path
    token: TokenPlace | None


@dataclass(frozen=True, slots=True)
class WitnessSettings:
    """What `witness` is told: its folder, its name, the logs that it knows, and where to listen."""

    home: Path
    name: str
    policy: WitnessPolicy
    listen: str


def clock() -> int:
    """Return Unix seconds."""
    return int(time.time())


def report(reason: str, detail: str) -> None:
    """Write one event as a JSON line on standard error: a reason of the closed list, and its detail."""
    print(json.dumps({"time": clock(), "event": reason, "detail": detail}), file=sys.stderr, flush=True)


def signers_of(path: Path, name: str, kinds: tuple[int, ...], token: Pkcs11Token | None = None) -> tuple[Signer, ...]:
    """Return the signers of a key file, made at first: with new keys, or with those that the token holds.

    Raises LogError `key_file`, `token`.
    """
    if not path.exists():
        if token is None:
            signer.make_key_file(path, name, kinds, secrets.token_bytes(SEED * len(kinds)))
        else:
            signer.make_token_file(path, token.keys(name))
    found = signer.read_key_file(path, token)
    if any(one.key.name != name for one in found):
        raise LogError("key_file", f"{path} holds a key of another name than {name}")
    return found


def open_store(
    store: DirectoryStore, folder: Path, origin: str, key_file: Path, token: Pkcs11Token | None = None
) -> tuple[Signer, ...]:
    """Return the signers of a log, made together with it at first.

    An old key without its log is refused: its tree is lost or elsewhere, and a new one under that key would be a second
    history. Raises LogError.
    """
    fresh = not key_file.exists()
    if store.read(COMMITTED) is None and not fresh:
        raise LogError("store_missing", f"{key_file} exists, but {folder} holds no log of {origin}")
    signers = signers_of(key_file, origin, LOG_KINDS, token)
    if store.read(COMMITTED) is None:
        sequencer.create(store, origin, signers, now=clock())
    return signers


def make_logs(home: Path, host: str, folder: Path, place: TokenPlace | None = None) -> None:
    """Make both logs of a host with their keys where they are not there yet, and say the public keys. Raises LogError.

    A log that runs, or has run, is only read.
    """
    token = None if place is None else place.open()
    for name in LOGS:
        key_file, origin = folder / f"{name}.key", f"{host}/{name}"
        if not key_file.exists():
            with locked(home / name) as store:
                open_store(store, home / name, origin, key_file, token)
        _say_keys("log", signers_of(key_file, origin, LOG_KINDS, token))


def token_of(path: Path) -> str:
    """Return the token of a file of mode 0600, made at first. Raises LogError `key_file`."""
    try:
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
        if path.stat().st_mode & 0o077:
            raise LogError("key_file", f"{path} must be readable by its owner only (chmod 600)")
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise LogError("key_file", f"{path}: {type(error).__name__}") from error


def run_log(settings: LogSettings) -> None:
    """Run both logs of a host until a signal. Raises LogError."""
    with ExitStack() as held:
        stores = {name: held.enter_context(locked(settings.home / name)) for name in LOGS}
        # The locks are held around `asyncio.run`: it waits for threads that still write after they were given up.
        asyncio.run(_run_log(settings, stores))


async def _run_log(settings: LogSettings, stores: dict[str, DirectoryStore]) -> None:
    async with httpx.AsyncClient(timeout=WITNESS_SECONDS, trust_env=False) as client:
        logs: dict[str, LiveLog] = {}
        token = None if settings.token is None else settings.token.open()
        for name, store in stores.items():
            origin = f"{settings.host}/{name}"
            signers = open_store(store, settings.home / name, origin, settings.keys / f"{name}.key", token)
            _say_keys("log", signers)
            logs[name] = LiveLog(store, origin, signers, settings.policy, client, clock, report)
        credential = token_of(settings.home / CREDENTIAL)
        public = published_files.application({name: settings.home / name / PUBLIC for name in LOGS})
        append = append_endpoint.application(logs, credential)
        served = [("public", settings.listen, public), ("append", settings.append, append)]
        await _until_signal(served, list(logs.values()))


def witness_keys(home: Path, name: str) -> tuple[Signer, ...]:
    """Return a witness's signers, made at first, and print their public halves. Raises LogError `key_file`."""
    signers = signers_of(home / "witness.key", name, WITNESS_KINDS)
    _say_keys(f"witness {name}", signers)
    return signers


async def run_witness(settings: WitnessSettings) -> None:
    """Run a witness until a signal. Raises LogError."""
    state = WitnessState(settings.home / "witness.sqlite")
    signers = witness_keys(settings.home, settings.name)
    try:
        witness = Witness(settings.policy.logs, signers, state, clock)
        await _until_signal([("witness", settings.listen, witness_server.application(witness))], [])
    finally:
        state.close()


async def _until_signal(served: list[tuple[str, str, Starlette]], logs: list[LiveLog]) -> None:
    """Serve applications, each by name and address, and run logs, until a signal or the end of a log."""
    logging.getLogger().setLevel(logging.CRITICAL)
    bound = [bind(address) for _, address, _ in served]
    servers = [Server(application) for _, _, application in served]
    loop = asyncio.get_running_loop()
    running = [asyncio.create_task(log.run()) for log in logs]

    def stop() -> None:
        for each in servers:
            each.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    for task in running:
        task.add_done_callback(lambda _task: stop())
    serving = asyncio.create_task(serve(list(zip(servers, bound, strict=True))))
    for each in servers:
        await each.listening.wait()
    places = {name: shown(one) for (name, _, _), one in zip(served, bound, strict=True)}
    print("READY " + json.dumps(places, sort_keys=True), flush=True)
    await serving
    failures = [task.exception() for task in running if task.done() and not task.cancelled()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    if failures and failures[0] is not None:
        raise _first(failures[0])


def _say_keys(line: str, signers: tuple[Signer, ...]) -> None:
    """Print public keys as lines of a policy; a witness's keys get names that tell them apart."""
    for one in signers:
        suffix = f"-{_SUFFIXES[one.key.type]}" if line.startswith("witness ") else ""
        print(f"{line}{suffix} {keys.encode(one.key)}", flush=True)


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
