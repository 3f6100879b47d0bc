"""The commands of `privity relay`, for the command line alone."""

from typing import Annotated

import typer

from privity_client.cli.trust_commands import Json, Leave

Server = Annotated[str, typer.Option("--url", help="Address of the server.", envvar="PRIVITY_URL")]


def register(app: typer.Typer, leave: Leave, *, epilog: str, url: str) -> None:
    """Add `privity relay` to `app`; `url` is the server that is meant when none is named."""
    commands = typer.Typer(help="Which relay hides your address from a server's operator.", no_args_is_help=True)
    app.add_typer(commands, name="relay", epilog=epilog)

    @commands.command("show", epilog=epilog)
    def show(server: Server = url, json: Json = False) -> None:
        """Show the relay that is remembered for a server, and whether it hides your address."""
        from privity_client.cli.relay import show as run

        leave(lambda: run(server, as_json=json), as_json=json)

    @commands.command("offers", epilog=epilog)
    def offers(server: Server = url, json: Json = False) -> None:
        """List the relays that a server offers. It is asked through the remembered one, else directly."""
        from privity_client.cli.relay import offered as run

        leave(lambda: run(server, as_json=json), as_json=json)

    @commands.command("use", epilog=epilog)
    def use(
        relay: Annotated[str, typer.Argument(metavar="RELAY", help="Its address, such as https://relay.example.")],
        server: Server = url,
        oblivious: Annotated[
            bool, typer.Option("--oblivious", help="It carries Oblivious HTTP (RFC 9458) to the operator's gateway.")
        ] = False,
        keys: Annotated[
            str, typer.Option("--keys", metavar="SHA256", help="What the gateway's keys must be, as others see them.")
        ] = "",
    ) -> None:
        """Use a relay for a server from now on. Choose one whose owner is not the operator."""
        from privity_client.cli.relay import use, use_oblivious

        leave(lambda: use_oblivious(server, relay, keys) if oblivious or keys else use(server, relay))

    @commands.command("off", epilog=epilog)
    def off(server: Server = url) -> None:
        """Use no relay for a server any more."""
        from privity_client.cli.relay import off as run

        leave(lambda: run(server))
