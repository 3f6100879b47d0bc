"""The commands of plans, for the command line alone."""

from typing import Annotated

import typer

from privity_client.cli.account_commands import Json, Leave, Origin


def register(app: typer.Typer, leave: Leave, *, epilog: str, url: str) -> None:
    """Add `privity usage` and `privity plan` to `app`; `url` is the server that is meant when none is named."""

    @app.command("usage", epilog=epilog)
    def usage(json: Json = False) -> None:
        """Show how many messages are left today, when there are more, and how much room is used."""
        from privity_client.cli.account.plans import usage as run

        leave(lambda: run(json), as_json=json)

    @app.command("plan", epilog=epilog)
    def plan(
        voucher: Annotated[
            str, typer.Option("--voucher", metavar="CODE", help="Redeem a voucher for this account.")
        ] = "",
        origin: Origin = url,
        json: Json = False,
    ) -> None:
        """Show which plans there are and which one the account has, or redeem a voucher."""
        from privity_client.cli.account.plans import plan as run

        leave(lambda: run(origin, voucher, json), as_json=json)
