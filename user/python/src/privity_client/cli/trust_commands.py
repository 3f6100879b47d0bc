"""The commands of `privity trust`, for the command line alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn, Protocol

import typer


class Leave(Protocol):
    """Runs a command, shows a failure in words, and ends with its exit code."""

    def __call__(self, command: Callable[[], int], *, as_json: bool = False) -> NoReturn: ...


Url = Annotated[str, typer.Argument(help="Address of the server.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def register(app: typer.Typer, leave: Leave, *, epilog: str, url: str) -> None:
    """Add `privity trust` to `app`; `url` is the server that is meant when none is named."""
    commands = typer.Typer(help="Which public logs count for a server.", no_args_is_help=True)
    app.add_typer(commands, name="trust", epilog=epilog)

    @commands.command("pin", epilog=epilog)
    def pin(
        server: Url = url,
        policy: Annotated[
            Path | None,
            typer.Option("--policy", metavar="FILE", help="The logs' and witnesses' keys (C2SP tlog-policy)."),
        ] = None,
        deploy: Annotated[str | None, typer.Option("--deploy", help="Name of the deployment; default: local.")] = None,
        release: Annotated[str | None, typer.Option("--release", help="Origin of the log of releases.")] = None,
        keys: Annotated[str | None, typer.Option("--keys", help="Origin of the log of keys.")] = None,
        accept_no_quorum: Annotated[
            bool, typer.Option("--accept-no-quorum", help="Accept that nobody but the server vouches for its log.")
        ] = False,
        hold_back: Annotated[
            int | None, typer.Option("--hold-back", metavar="HOURS", min=0, max=2160, help="Wait before a new release.")
        ] = None,
        auditor: Annotated[
            list[str] | None, typer.Option("--auditor", help="Witness without whom no release is accepted; repeatable.")
        ] = None,
    ) -> None:
        """Say which public logs count for a server. Get the policy by a way that you trust."""
        from privity_client.cli.trust import Pinning
        from privity_client.cli.trust import pin as run

        leave(lambda: run(Pinning(server, policy, deploy, release, keys, accept_no_quorum, hold_back, auditor)))

    @commands.command("show", epilog=epilog)
    def show(server: Url = url, json: Json = False) -> None:
        """Show what is pinned and remembered, and what the logs say now."""
        from privity_client.cli.trust import show as run

        leave(lambda: run(server, as_json=json), as_json=json)

    @commands.command("upgrades", epilog=epilog)
    def upgrades(server: Url = url, json: Json = False) -> None:
        """Say in plain words what changed from one release to the next."""
        from privity_client.cli.trust import upgrades as run

        leave(lambda: run(server, as_json=json), as_json=json)

    @commands.command("evidence", epilog=epilog)
    def evidence(server: Url = url, json: Json = False) -> None:
        """List what is kept against a log that lied."""
        from privity_client.cli.trust import evidence as run

        leave(lambda: run(server, as_json=json), as_json=json)

    @commands.command("forget", epilog=epilog)
    def forget(server: Url = url) -> None:
        """Forget what is pinned and remembered; evidence stays."""
        from privity_client.cli.trust import forget as run

        leave(lambda: run(server))
