"""The command `privity-log`. Each command imports its own code only when it runs, so that `--help` is quick."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from privity_log.errors import LogError

DONE, FAILED, MISUSE, SURPRISE = 0, 1, 2, 3
EXIT_CODES: Final = (
    "Exit codes: 0 done, 1 failed, 2 misuse, 3 surprise (a log, a witness or a leaf is not what it must be)."
)

app = typer.Typer(
    name="privity-log",
    help="Privity's transparency log: run one, witness others, watch and copy and audit them.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Home = Annotated[Path, typer.Option("--home", metavar="DIR", help="The folder with all state; made at first.")]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", metavar="FILE", help="Logs, witnesses and quorum (C2SP tlog-policy).")
]
Module = Annotated[
    Path | None, typer.Option("--pkcs11", metavar="FILE", help="The library of a PKCS#11 token that holds the keys.")
]
Label = Annotated[str | None, typer.Option("--pkcs11-token", metavar="LABEL", help="The token's label.")]
Pin = Annotated[Path | None, typer.Option("--pkcs11-pin", metavar="FILE", help="The file with the token's PIN.")]
Vkeys = Annotated[
    list[str] | None, typer.Option("--log", metavar="VKEY", help="The public key of a log to know; repeatable.")
]
Origin = Annotated[
    str, typer.Option("--origin", metavar="NAME", help="The log's origin, for example log.example/release.")
]


@app.command(epilog=EXIT_CODES)
def serve(
    home: Home,
    host: Annotated[str, typer.Option("--host", metavar="NAME", help="Origins are NAME/release and NAME/keys.")],
    policy: PolicyFile = None,
    no_witnesses: Annotated[
        bool, typer.Option("--no-witnesses", help="Publish without any cosignature; clients must accept that too.")
    ] = False,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Public files; unix:PATH for a socket.")
    ] = "127.0.0.1:8090",
    append_at: Annotated[
        str | None,
        typer.Option("--append", metavar="ADDRESS", help="Where entries are taken; default unix:HOME/append.sock."),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option("--keys", metavar="DIR", help="Folder of the key files; default HOME/private.")
    ] = None,
    pkcs11: Module = None,
    pkcs11_token: Label = None,
    pkcs11_pin: Pin = None,
) -> None:
    """Run both logs of a host: sequencer, public files, local append endpoint."""
    from privity_log.commands import run
    from privity_log.process import LogSettings

    def command() -> int:
        if (policy is None) is not no_witnesses:
            raise LogError("misuse", "say either --policy FILE or --no-witnesses")
        where = append_at or f"unix:{home / 'append.sock'}"
        token = run.token_place(pkcs11, pkcs11_token, pkcs11_pin)
        settings = LogSettings(home, host, run.read_policy(policy), listen, where, keys or home / "private", token)
        return run.serve(settings)

    leave(command)


@app.command(epilog=EXIT_CODES)
def keys(
    home: Home,
    host: Annotated[str, typer.Option("--host", metavar="NAME", help="Origins are NAME/release and NAME/keys.")],
    keys: Annotated[
        Path | None, typer.Option("--keys", metavar="DIR", help="Folder of the key files; default HOME/private.")
    ] = None,
    pkcs11: Module = None,
    pkcs11_token: Label = None,
    pkcs11_pin: Pin = None,
) -> None:
    """Make both logs and their keys where they are not there yet; print the public keys as lines of a policy."""
    from privity_log.commands.run import token_place
    from privity_log.process import make_logs

    def run() -> int:
        make_logs(home, host, keys or home / "private", token_place(pkcs11, pkcs11_token, pkcs11_pin))
        return DONE

    leave(run)


@app.command(epilog=EXIT_CODES)
def witness(
    home: Home,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The witness's name, for example w.example/one.")],
    log: Vkeys = None,
    policy: PolicyFile = None,
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where logs reach it.")] = "127.0.0.1:8091",
    only_keys: Annotated[bool, typer.Option("--only-keys", help="Print the keys and end.")] = False,
) -> None:
    """Run a witness (C2SP tlog-witness). Its keys are made at first, and printed as lines of a policy."""
    from privity_log.commands import run
    from privity_log.process import WitnessSettings, witness_keys

    def show() -> int:
        witness_keys(home, name)
        return DONE

    leave(
        show
        if only_keys
        else lambda: run.witness(WitnessSettings(home, name, run.known_logs(policy, log or []), listen))
    )


@app.command(epilog=EXIT_CODES)
def append(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Each file is one entry.")],
    log: Annotated[str, typer.Option("--log", metavar="release|keys")] = "release",
    home: Annotated[Path | None, typer.Option("--home", metavar="DIR", help="The folder of the running log.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="ADDRESS", help="Default: unix:HOME/append.sock.")] = None,
    token: Annotated[Path | None, typer.Option("--token", metavar="FILE", help="Default: HOME/token.")] = None,
    show: Annotated[
        bool, typer.Option("--print", help="Print the proofs instead of keeping them beside the files.")
    ] = False,
    lines: Annotated[
        bool, typer.Option("--lines", help="Bulk import into a log that is not running: every line is a leaf.")
    ] = False,
    host: Annotated[str | None, typer.Option("--host", metavar="NAME", help="With --lines: the log's host.")] = None,
    keys: Annotated[
        Path | None, typer.Option("--keys", metavar="DIR", help="With --lines: default HOME/private.")
    ] = None,
) -> None:
    """Append files; keep the proof of each in FILE.tlog-proof once the quorum of witnesses has cosigned it."""
    from privity_log.commands import append as command
    from privity_log.commands import bulk
    from privity_log.process import CREDENTIAL, LOGS, token_of

    def run() -> int:
        if log not in LOGS:
            raise LogError("misuse", f"--log is one of {', '.join(LOGS)}")
        if lines:
            if home is None or host is None:
                raise LogError("misuse", "--lines needs --home and --host")
            folder = keys or home / "private"
            return max(bulk.run(path, home / log, f"{host}/{log}", folder / f"{log}.key") for path in files)
        address = to or (f"unix:{home / 'append.sock'}" if home else None)
        secret = token or (home / CREDENTIAL if home else None)
        if address is None or secret is None or not secret.exists():
            raise LogError("misuse", "name the running log's folder (--home), or --to and --token")
        return command.run(files, command.Place(address, log, token_of(secret)), beside=not show)

    leave(run)


@app.command(epilog=EXIT_CODES)
def audit(
    place: Annotated[str, typer.Argument(metavar="DIR|URL", help="A log's folder, or its public address.")],
    origin: Origin,
    log: Vkeys = None,
    policy: PolicyFile = None,
) -> None:
    """Check a whole log: every leaf, every tile, every signed head."""
    from privity_log.commands import audit as command
    from privity_log.commands.run import known_logs

    leave(lambda: command.run(place, known_logs(policy, log or []), origin))


Once = Annotated[bool, typer.Option("--once", help="Visit once and end.")]
Every = Annotated[float, typer.Option("--every", metavar="SECONDS", min=1, help="Pause between two visits.")]
WithAddresses = Annotated[
    Path,
    typer.Option("--policy", metavar="FILE", help="The logs, with addresses (log VKEY URL), witnesses and quorum."),
]


@app.command(epilog=EXIT_CODES)
def monitor(
    home: Home,
    policy: WithAddresses,
    once: Once = False,
    every: Every = 60,
    web: Annotated[
        Path | None,
        typer.Option("--web", metavar="DIR", help="The web bundle as you rebuilt it, to compare with logged ones."),
    ] = None,
    webhook: Annotated[str | None, typer.Option(metavar="URL", help="POST surprises there.")] = None,
    smtp: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Mail surprises through this server.")] = None,
    mail_to: Annotated[list[str] | None, typer.Option("--mail-to", metavar="ADDRESS", help="Repeatable.")] = None,
    mail_from: Annotated[str, typer.Option("--mail-from", metavar="ADDRESS")] = "privity-log@localhost",
    mail_plain: Annotated[bool, typer.Option("--mail-without-tls", help="For a mail server on this machine.")] = False,
) -> None:
    """Watch logs: every leaf read, every tree computed anew; tell people of surprises, keep the evidence."""
    from privity_log.commands import watch
    from privity_log.commands.run import read_policy

    def run() -> int:
        logs = watch.Logs(home, read_policy(policy), None if once else every)
        return watch.monitor(logs, watch.alarms_of(webhook, smtp, mail_from, mail_to or [], not mail_plain), web)

    leave(run)


@app.command(epilog=EXIT_CODES)
def mirror(home: Home, policy: WithAddresses, once: Once = False, every: Every = 60) -> None:
    """Copy logs, checked, into folders that any web server can serve."""
    from privity_log.commands import watch
    from privity_log.commands.run import read_policy

    leave(lambda: watch.mirror(watch.Logs(home, read_policy(policy), None if once else every)))


def leave(run: Callable[[], int]) -> NoReturn:
    """Run a command and end the process with its code; a failure is one line on standard error."""
    from privity_tlog.errors import TlogError

    try:
        code = run()
    except LogError as error:
        print(f"privity-log: {error}", file=sys.stderr)
        code = MISUSE if error.reason == "misuse" else FAILED
    except TlogError as error:
        print(f"privity-log: surprise: {error}", file=sys.stderr)
        code = SURPRISE
    raise typer.Exit(code)


def main() -> None:
    """Entry point."""
    app()
