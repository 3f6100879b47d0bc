"""`privity-log serve` and `privity-log witness`: what they are told becomes a policy, then they run."""

import asyncio
from pathlib import Path
from typing import Final

from privity_tlog import keys, witness_policy
from privity_tlog.errors import TlogError
from privity_tlog.limits import MAX_POLICY
from privity_tlog.witness_policy import WitnessPolicy

from privity_log import process
from privity_log.errors import LogError
from privity_log.process import LogSettings, TokenPlace, WitnessSettings

NO_WITNESS: Final = b"quorum none\n"


def read_policy(path: Path | None) -> WitnessPolicy:
    """Return the policy of a file, or the one that asks nobody. Raises LogError `misuse`."""
    try:
        return witness_policy.decode(NO_WITNESS if path is None else path.read_bytes()[: MAX_POLICY + 1])
    except (OSError, TlogError) as error:
        raise LogError("misuse", f"{path}: {error}") from error


def token_place(module: Path | None, label: str | None, pin: Path | None) -> TokenPlace | None:
    """Return where the keys are when a token holds them. Raises LogError `misuse`."""
    if module is None and label is None and pin is None:
        return None
    if module is None or label is None or pin is None:
        raise LogError("misuse", "a token needs --pkcs11, --pkcs11-token and --pkcs11-pin")
    return TokenPlace(module, label, pin)


def serve(settings: LogSettings) -> int:
    """Run both logs of a host. Raises LogError."""
    process.run_log(settings)
    return 0


def witness(settings: WitnessSettings) -> int:
    """Run a witness. Raises LogError."""
    if not settings.policy.logs:
        raise LogError("misuse", "a witness needs logs to know: --log VKEY, or --policy FILE with log lines")
    asyncio.run(process.run_witness(settings))
    return 0


def known_logs(policy: Path | None, vkeys: list[str]) -> WitnessPolicy:
    """Return a policy that knows the logs of a file and of vkeys. Raises LogError `misuse`."""
    base = read_policy(policy)
    logs = dict(base.logs)
    try:
        for text in vkeys:
            key = keys.decode(text)
            logs[key.name] = (*logs.get(key.name, ()), key)
    except TlogError as error:
        raise LogError("misuse", str(error)) from error
    return WitnessPolicy(logs, base.witnesses, base.groups, base.quorum, base.urls)
