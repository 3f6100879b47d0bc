"""The command line of accounts and history: names, options and help. Each command imports its own code when it runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

Leave = Callable[..., None]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Label = Annotated[str, typer.Option("--label", help="How this device is called in your account; default: its name.")]
Origin = Annotated[str, typer.Option("--url", help="Address of the service.", envvar="PRIVITY_URL")]
ChatId = Annotated[str, typer.Argument(metavar="ID", help="A chat, by the beginning of its id.")]
Now = Annotated[
    bool, typer.Option("--now", help="Do not wait: the service sees that this device wrote just now, and no more.")
]


def register(app: typer.Typer, leave: Leave, *, epilog: str, url: str) -> None:
    """Add the commands. `leave` runs one and ends with its exit code."""
    _accounts(app, leave, epilog, url)
    _link(app, leave, epilog, url)
    _devices(app, leave, epilog)
    chats = typer.Typer(help="Your chats: list, show, search, rename, delete, export, import.", no_args_is_help=True)
    app.add_typer(chats, name="chats", epilog=epilog)
    _read(chats, leave, epilog)
    _change(chats, leave, epilog)
    _carry(chats, leave, epilog)
    _share(app, leave, epilog)
    _verify(app, leave, epilog)


def _accounts(app: typer.Typer, leave: Leave, epilog: str, url: str) -> None:
    group = typer.Typer(help="Your account on this machine: create, recover, show, forget.", no_args_is_help=True)
    app.add_typer(group, name="account", epilog=epilog)

    @group.command("create", epilog=epilog)
    def create(
        invitation: Annotated[str | None, typer.Option("--invitation", help="Where the service asks for one.")] = None,
        label: Label = "",
        origin: Origin = url,
    ) -> None:
        """Make an account: a recovery code, which you write down, and this machine as its first device."""
        from privity_client.cli.account.beginning import create as run

        leave(lambda: run(origin, label, invitation))

    @group.command("recover", epilog=epilog)
    def recover(label: Label = "", origin: Origin = url) -> None:
        """Bring your account to this machine with the recovery code."""
        from privity_client.cli.account.beginning import recover as run

        leave(lambda: run(origin, label))

    @group.command("show", epilog=epilog)
    def show(json: Json = False) -> None:
        """Show which account is here, how far it has read, and the fingerprint to compare with another device."""
        from privity_client.cli.account.overview import show as run

        leave(lambda: run(json), as_json=json)

    @group.command("code", epilog=epilog)
    def code() -> None:
        """Replace the recovery code: the old one opens nothing any more, and the account gets a new key."""
        from privity_client.cli.account.beginning import replace_code as run

        leave(run)

    @group.command("erasures", epilog=epilog)
    def erasures(json: Json = False) -> None:
        """Show what was deleted from here, and what the service promised of it; --json gives the signed receipts."""
        from privity_client.cli.account.overview import erasures as run

        leave(lambda: run(json), as_json=json)

    @group.command("settings", epilog=epilog)
    def settings(
        titles: Annotated[
            bool | None,
            typer.Option("--titles/--no-titles", help="Ask the model for each chat's title: one question more."),
        ] = None,
        json: Json = False,
    ) -> None:
        """Show or change what you chose for the whole account."""
        from privity_client.cli.account.overview import settings as run

        leave(lambda: run(titles, json), as_json=json)

    @group.command("delete", epilog=epilog)
    def delete() -> None:
        """Erase the account on all devices and at the service, against its signed promise. There is no way back."""
        from privity_client.cli.account.overview import delete as run

        leave(run)

    @group.command("forget", epilog=epilog)
    def forget(
        revoke: Annotated[
            bool, typer.Option("--revoke", help="Also revoke this machine; asks for the recovery code.")
        ] = False,
    ) -> None:
        """Take the account off this machine. It stays at the service, and on your other devices."""
        from privity_client.cli.account.overview import forget as run

        leave(lambda: run(revoke))


def _link(app: typer.Typer, leave: Leave, epilog: str, url: str) -> None:
    @app.command("link", epilog=epilog)
    def link(
        link: Annotated[
            str | None, typer.Argument(metavar="[LINK]", help="What the new device shows: its link, or its code.")
        ] = None,
        code: Annotated[
            bool, typer.Option("--code", help="Show a code to be typed, where no link can be brought over.")
        ] = False,
        label: Label = "",
        origin: Origin = url,
    ) -> None:
        """Link a device. On the new one without LINK; on one that has the account with the LINK of the new one."""
        from privity_client.cli.account.linking import accept, offer

        leave(lambda: offer(origin, label, code=code) if link is None else accept(link, label))


def _devices(app: typer.Typer, leave: Leave, epilog: str) -> None:
    group = typer.Typer(help="The devices of your account.", invoke_without_command=True)
    app.add_typer(group, name="devices", epilog=epilog)

    @group.callback(epilog=epilog)
    def devices(context: typer.Context, json: Json = False) -> None:
        """Show the devices of your account, and when each was last heard."""
        if context.invoked_subcommand is None:
            from privity_client.cli.account.overview import devices as run

            leave(lambda: run(json), as_json=json)

    @group.command("revoke", epilog=epilog)
    def revoke(device: Annotated[str, typer.Argument(metavar="DEVICE", help="Its name, or its id.")]) -> None:
        """Lock a device out, and give the account a new key. What it has read stays read."""
        from privity_client.cli.account.overview import revoke as run

        leave(lambda: run(device))


def _read(chats: typer.Typer, leave: Leave, epilog: str) -> None:
    @chats.command("list", epilog=epilog)
    def list_chats(
        archived: Annotated[bool, typer.Option("--archived", help="Also archived chats.")] = False, json: Json = False
    ) -> None:
        """Show your chats, newest first."""
        from privity_client.cli.account.chats import listed as run

        leave(lambda: run(archived, json), as_json=json)

    @chats.command("show", epilog=epilog)
    def show(chat: ChatId, json: Json = False) -> None:
        """Show one chat: the branch that is shown everywhere; --json gives all messages."""
        from privity_client.cli.account.chats import show as run

        leave(lambda: run(chat, json), as_json=json)

    @chats.command("search", epilog=epilog)
    def search(words: Annotated[str, typer.Argument(metavar="WORDS")], json: Json = False) -> None:
        """Find messages that hold all words. It happens on this machine; the service learns nothing of it."""
        from privity_client.cli.account.chats import search as run

        leave(lambda: run(words, json), as_json=json)

    @chats.command("offers", epilog=epilog)
    def offers(
        discard: Annotated[bool, typer.Option("--discard", help="Forget them after showing.")] = False,
        json: Json = False,
    ) -> None:
        """Show texts of yours that lost their place because another device deleted or changed it."""
        from privity_client.cli.account.chats import offers as run

        leave(lambda: run(discard, json), as_json=json)

    @chats.command("sync", epilog=epilog)
    def sync(json: Json = False) -> None:
        """Read and write now. The service sees that this device wrote just now; chats otherwise wait some minutes."""
        from privity_client.cli.account.chats import sync as run

        leave(lambda: run(json), as_json=json)


def _change(chats: typer.Typer, leave: Leave, epilog: str) -> None:
    @chats.command("rename", epilog=epilog)
    def rename(chat: ChatId, title: Annotated[str, typer.Argument(metavar="TITLE")], now: Now = False) -> None:
        """Give a chat another title."""
        from privity_client.cli.account.changes import rename as run

        leave(lambda: run(chat, title, now))

    @chats.command("archive", epilog=epilog)
    def archive(
        chat: ChatId,
        undo: Annotated[bool, typer.Option("--undo", help="Make it active again.")] = False,
        now: Now = False,
    ) -> None:
        """Archive a chat: it stays readable and takes no place among the active ones."""
        from privity_client.cli.account.changes import archive as run

        leave(lambda: run(chat, undo, now))

    @chats.command("delete", epilog=epilog)
    def delete(
        chat: ChatId,
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
        now: Now = False,
    ) -> None:
        """Delete a chat on all devices and at the service. It does not come back."""
        from privity_client.cli.account.changes import delete as run

        leave(lambda: run(chat, yes, now))


def _carry(chats: typer.Typer, leave: Leave, epilog: str) -> None:
    @chats.command("export", epilog=epilog)
    def export(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="A zip file to be made.")],
        encrypt: Annotated[
            bool, typer.Option("--encrypt", help="Encrypt it under seven words, which are shown once.")
        ] = False,
    ) -> None:
        """Write everything into a zip file of JSON and Markdown; encrypted only with --encrypt."""
        from privity_client.cli.account.changes import export as run

        leave(lambda: run(file, encrypt))

    @chats.command("import", epilog=epilog)
    def import_(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="An export of Privity, ChatGPT or Claude.")],
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    ) -> None:
        """Show what an export holds, and bring it in; chats arrive archived."""
        from privity_client.cli.account.changes import bring_in as run

        leave(lambda: run(file, yes))


def _share(app: typer.Typer, leave: Leave, epilog: str) -> None:
    group = typer.Typer(help="Links to a chat: create, list, revoke, show.", no_args_is_help=True)
    app.add_typer(group, name="share", epilog=epilog)

    @group.command("create", epilog=epilog)
    def create(
        chat: ChatId,
        lifetime: Annotated[str, typer.Option("--for", metavar="1h|1d|7d|30d", help="How long the link works.")] = "7d",
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
        json: Json = False,
    ) -> None:
        """Seal the branch that is shown under a key of its own, and print the link that holds the key."""
        from privity_client.cli.account.sharing import create as run

        leave(lambda: run(chat, lifetime, yes, json), as_json=json)

    @group.command("list", epilog=epilog)
    def list_(json: Json = False) -> None:
        """Show the links that are out."""
        from privity_client.cli.account.sharing import listed as run

        leave(lambda: run(json), as_json=json)

    @group.command("revoke", epilog=epilog)
    def revoke(link: Annotated[str, typer.Argument(metavar="LINK", help="The link, or its id.")]) -> None:
        """Take a link back. Copies that were read stay read."""
        from privity_client.cli.account.sharing import revoke as run

        leave(lambda: run(link))

    @group.command("show", epilog=epilog)
    def show(link: Annotated[str, typer.Argument(metavar="LINK")], json: Json = False) -> None:
        """Show what a link holds. No account is needed; the key in the link is not sent."""
        from privity_client.cli.account.sharing import show as run

        leave(lambda: run(link, json), as_json=json)


def _verify(app: typer.Typer, leave: Leave, epilog: str) -> None:
    @app.command("verify-history", epilog=epilog)
    def verify_history(
        repair: Annotated[
            str, typer.Option("--repair", metavar="ours|theirs", help="After a fork: which branch goes on.")
        ] = "",
        json: Json = False,
    ) -> None:
        """Verify every page and body of this machine's copy, and what the service says now."""
        from privity_client.cli.account.checking import verify_history as run

        leave(lambda: run(repair, json), as_json=json)
