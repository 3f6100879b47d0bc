"""The command `privity-release`. Each command imports its own code only when it runs, so that `--help` is quick."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal, NoReturn

import typer

from privity_image.errors import Failed

DONE, FAILED, MISUSE, SURPRISE = 0, 1, 2, 3
EXIT_CODES: Final = "Exit codes: 0 done, 1 failed, 2 misuse, 3 surprise (a log was rolled back or has two histories)."

app = typer.Typer(
    name="privity-release",
    help="What an operator logs and posts: releases, fleet, policies, revocations, and the keeper of nodes.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="The keeper's configuration.")]


fleet_app = typer.Typer(
    help="The machines whose nodes may be endorsed, and the keys that endorse.", no_args_is_help=True
)
app.add_typer(fleet_app, name="fleet", epilog=EXIT_CODES)
Version = Annotated[str, typer.Option("--version", metavar="TEXT", help="Its version.")]
Source = Annotated[str, typer.Option("--source", metavar="COMMIT", help="The commit it was built from, or local.")]


@app.command(epilog=EXIT_CODES)
def init(
    home: Annotated[Path, typer.Argument(metavar="HOME", help="A new folder.")],
    host: Annotated[str, typer.Option("--host", metavar="NAME", help="Of the logs: NAME/release and NAME/keys.")],
    deploy: Annotated[str, typer.Option("--deploy", metavar="NAME", help="Of the deployment, as nodes say it.")],
    policy: Annotated[Path, typer.Option("--policy", metavar="FILE", help="Logs, witnesses and quorum.")],
    read: Annotated[
        str, typer.Option("--read", metavar="URL", help="Where both logs are read: URL/release, URL/keys.")
    ],
    append: Annotated[str, typer.Option("--append", metavar="ADDRESS", help="Where entries are taken.")],
    token: Annotated[Path, typer.Option("--token", metavar="FILE", help="The logs' append token.")],
    node: Annotated[
        list[str] | None, typer.Option("--node", metavar="ADDRESS", help="tcp:HOST:PORT or unix:PATH; repeatable.")
    ] = None,
    anchor: Annotated[Path | None, typer.Option("--anchor", metavar="FILE", help="Written for local nodes.")] = None,
) -> None:
    """Make a fleet key, a state folder, an appraisal policy and the keeper's configuration."""
    import time

    from privity_image.commands import release

    logs = {
        name: {"origin": f"{host}/{name}", "read": f"{read.rstrip('/')}/{name}", "append": append}
        for name in ("release", "keys")
    }
    members: dict[str, object] = {
        "v": 1,
        "deploy": deploy,
        "policy": str(policy.absolute()),
        "token": str(token.absolute()),
        "logs": logs,
        "nodes": node or [],
        "anchor": None if anchor is None else str(anchor.absolute()),
        "bootstrap": False,
        "release": None,
        "simulated_root": None,
    }
    leave(lambda: release.init(home, members, now=int(time.time())))


@app.command(epilog=EXIT_CODES)
def prepare(
    config: Config,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the leaf is written.")],
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="The release's name.")],
    version: Version,
    source: Source,
    platforms: Annotated[
        Path, typer.Option("--platforms", metavar="FILE", help="What `privity-image measure platforms` wrote.")
    ],
    configuration: Annotated[
        list[str], typer.Option("--configuration", metavar="SHA256", help="A measured configuration; repeatable.")
    ],
    model: Annotated[list[str], typer.Option("--model", metavar="SHA256", help="Of a weight file; repeatable.")],
    emergency: Annotated[bool, typer.Option("--emergency", help="In an hour; clients show that it was one.")] = False,
    now: Annotated[bool, typer.Option("--now", help="At once: only where every platform is simulated.")] = False,
) -> None:
    """Write the leaf of a release that may run 24 hours after it is logged, and say what it changes."""
    from privity_image.commands import release
    from privity_image.release.drafts import Wanted

    def run() -> int:
        if emergency and now:
            raise Failed("configuration", "say --emergency or --now")
        start = "emergency" if emergency else "now" if now else "later"
        measured = release.read_platforms(platforms)
        return release.prepare(config, Wanted(name, version, source, measured, configuration, model, start), out)

    leave(run)


@app.command(epilog=EXIT_CODES)
def log(
    config: Config, leaf: Annotated[Path, typer.Argument(metavar="FILE", help="Any leaf but a directory.")]
) -> None:
    """Log a leaf, wait for the witnesses, keep its proof in FILE.tlog-proof."""
    from privity_image.commands import release

    leave(lambda: release.log(config, leaf))


@app.command(epilog=EXIT_CODES)
def web(
    config: Config,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The build as it is served.")],
    version: Version,
    source: Source,
) -> None:
    """Log the files of a web build."""
    from privity_image.commands import release

    leave(lambda: release.web(config, folder, version=version, source=source))


Platform = Annotated[str, typer.Argument(metavar="SHA256", help="Of the platform's identifier.")]


@fleet_app.command("add", epilog=EXIT_CODES)
def fleet_add(
    config: Config,
    platform: Platform,
    kind: Annotated[str, typer.Option("--type", metavar="KIND", help="tdx, sev_snp, nitro, …")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is ours.")],
    source: Annotated[str, typer.Option("--source", metavar="TEXT", help="Who says so.")],
) -> None:
    """Log the fleet with one machine more."""
    from privity_image.commands import release

    leave(lambda: release.fleet_add(config, platform, kind=kind, reason=reason, source=source))


@fleet_app.command("remove", epilog=EXIT_CODES)
def fleet_remove(config: Config, platform: Platform) -> None:
    """Log the fleet with one machine less."""
    from privity_image.commands import release

    leave(lambda: release.fleet_remove(config, platform))


@fleet_app.command("list", epilog=EXIT_CODES)
def fleet_list(config: Config) -> None:
    """Show the machines and keys of the logged fleet."""
    from privity_image.commands import release

    leave(lambda: release.fleet_list(config))


@app.command(epilog=EXIT_CODES)
def policy(
    config: Config,
    appraisal: Annotated[
        Path | None, typer.Option("--appraisal", metavar="FILE", help="Default: the one that counts now.")
    ] = None,
) -> None:
    """Log the configuration's witness policy and an appraisal policy."""
    from privity_image.commands import release

    leave(lambda: release.policy(config, appraisal))


@app.command(epilog=EXIT_CODES)
def revoke(
    config: Config,
    what: Annotated[Literal["release", "key", "platform"], typer.Argument(help="What is revoked.")],
    digest: Annotated[str, typer.Argument(metavar="SHA256", help="Leaf hash, SHA-256 of a key, or of an identifier.")],
) -> None:
    """Log that something must no longer be accepted; it cannot be taken back."""
    from privity_image.commands import release

    leave(lambda: release.revoke(config, what, digest))


@app.command(epilog=EXIT_CODES)
def revocations(config: Config) -> None:
    """Log the revocations anew; the keeper does it weekly."""
    from privity_image.commands import release

    leave(lambda: release.revocations(config))


@app.command(epilog=EXIT_CODES)
def status(config: Config, as_json: Annotated[bool, typer.Option("--json", help="For a monitor.")] = False) -> None:
    """Show what is logged, since when, and what ends next; exit code 1 when something is missing or due."""
    from privity_image.commands import release

    leave(lambda: release.show(config, as_json=as_json))


@app.command(epilog=EXIT_CODES)
def keep(config: Config) -> None:
    """Verify, endorse and list nodes, and post bulletin, directory and bundles, until a signal."""
    from privity_image.keeper.process import run

    try:
        code = run(config)
    except Failed as error:
        print(f"FAILED {error.reason}: {error.detail}", flush=True)
        code = _code(error)
    raise typer.Exit(code)


def leave(run: Callable[[], int]) -> NoReturn:
    """Run a command and end the process with its code; a failure is one line on standard error."""
    try:
        code = run()
    except Failed as error:
        typer.echo(f"✗ {error.reason}: {error.detail}", err=True)
        code = _code(error)
    raise typer.Exit(code)


def _code(error: Failed) -> int:
    return {"configuration": MISUSE, "surprise": SURPRISE}.get(error.reason, FAILED)


def main() -> None:
    """Entry point."""
    app()
