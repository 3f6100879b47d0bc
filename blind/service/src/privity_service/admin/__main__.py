"""`privity-admin --config FILE COMMAND`: the operator's commands. Exit code 1 and a reason when one is refused."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from privity_protocol.canonical import base64url_decode
from sqlalchemy.exc import SQLAlchemyError

from privity_service.accounts.house import House
from privity_service.accounts.opening import KeyUnfit, open_house
from privity_service.accounts.schema import SchemaTooNew
from privity_service.admin import commands, issuer, upkeep, vouchers
from privity_service.admin.commands import AdminRefused
from privity_service.configuration import Configuration, ConfigurationRefused, read
from privity_service.issuer.keys import KeyFileUnfit
from privity_service.payments.secret_file import SecretUnfit
from privity_service.vouchers import key_file

Command = Callable[[House, argparse.Namespace], list[str]]
MAX_AMOUNT = 2**31 - 1
MAX_BATCH = 10_000
NAME_CHARACTERS = 22
UNFIT = KeyUnfit, KeyFileUnfit, key_file.KeyFileUnfit, SecretUnfit


def _amount(text: str) -> int | None:
    """A limit, or `plan` for what the plan says. Raises ArgumentTypeError."""
    if text == "plan":
        return None
    if text.isascii() and text.isdigit() and len(text) <= 15:
        return int(text)
    raise argparse.ArgumentTypeError("a number, or `plan`")


def _chats(text: str) -> int | None:
    """A number of chats, or `plan`. Raises ArgumentTypeError."""
    found = _amount(text)
    if found is not None and found > MAX_AMOUNT:
        raise argparse.ArgumentTypeError(f"at most {MAX_AMOUNT}")
    return found


def _count(text: str) -> int:
    """A number from 1 on. Raises ArgumentTypeError."""
    if text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_AMOUNT:
        return int(text)
    raise argparse.ArgumentTypeError("a number from 1 on")


def _batch(text: str) -> int:
    """A number of vouchers. Raises ArgumentTypeError."""
    found = _count(text)
    if found > MAX_BATCH:
        raise argparse.ArgumentTypeError(f"at most {MAX_BATCH} at once")
    return found


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="privity-admin", description=__doc__)
    made.add_argument("--config", type=Path, required=True, metavar="FILE", help="the service's configuration")
    listed = made.add_subparsers(dest="command", required=True)
    listed.add_parser("plans", help="the plans of the configuration")
    listed.add_parser("statistics", help="counts over all accounts")
    for name, text in (("show", "plan and use of an account"), ("erase", "erase an account: there is no way back")):
        listed.add_parser(name, help=text).add_argument("account")
    plan = listed.add_parser("plan", help="give an account a plan")
    plan.add_argument("account")
    plan.add_argument("name")
    plan.add_argument(
        "--days", type=_count, default=None, metavar="N", help="days from tomorrow; left out: without end"
    )
    quota = listed.add_parser("quota", help="give an account limits of its own")
    quota.add_argument("account")
    quota.add_argument("--chats", type=_chats, default=None, metavar="N", help="active chats; `plan` as its plan says")
    quota.add_argument("--bytes", type=_amount, default=None, metavar="N", help="bytes; `plan` as its plan says")
    invite = listed.add_parser("invite", help="make an invitation and print its code, once")
    invite.add_argument("--uses", type=_count, default=1, metavar="N", help="accounts that it admits (1)")
    invite.add_argument("--days", type=_count, default=14, metavar="N", help="days that it lasts (14)")
    listed.add_parser("withdraw", help="withdraw an invitation").add_argument("code", type=commands.code)
    key = listed.add_parser("voucher-key", help="print the public key of vouchers; make FILE if it is not there")
    key.add_argument("file", type=Path)
    sold = listed.add_parser("vouchers", help="make vouchers and print their codes, once")
    sold.add_argument("--key", type=Path, required=True, metavar="FILE", help="the key that signs them")
    sold.add_argument("--plan", default="plus", metavar="NAME", help="what they are for (plus)")
    sold.add_argument("--days", type=_count, default=30, metavar="N", help="days that one gives (30)")
    sold.add_argument("--count", type=_batch, default=1, metavar="N", help="how many (1)")
    sold.add_argument("--expires", type=_count, default=365, metavar="N", help="days for which they are taken (365)")
    listed.add_parser("issuer", help="the keys of tokens: whether they are logged, and how much was drawn")
    kept = listed.add_parser("backup", help="copy the accounts of a running service into a new folder")
    kept.add_argument("folder", type=Path)
    listed.add_parser("migrate", help="bring the database to this release's schema; a start does it too")
    return made


COMMANDS: dict[str, Command] = {
    "issuer": lambda house, given: issuer.keys(house, given.published),
    "plans": lambda house, _: commands.plans(house),
    "statistics": lambda house, _: commands.count(house),
    "show": lambda house, given: commands.show(house, commands.account_id(given.account)),
    "erase": lambda house, given: commands.erase(house, commands.account_id(given.account)),
    "plan": lambda house, given: commands.set_plan(house, commands.account_id(given.account), given.name, given.days),
    "quota": lambda house, given: commands.set_quota(
        house, commands.account_id(given.account), given.chats, given.bytes
    ),
    "invite": lambda house, given: commands.invite(house, given.uses, given.days),
    "withdraw": lambda house, given: commands.withdraw(house, given.code),
}
UPKEEP: dict[str, Callable[[Configuration, argparse.Namespace], list[str]]] = {
    "backup": lambda configuration, given: upkeep.backup(configuration, given.folder.absolute()),
    "migrate": lambda configuration, _: upkeep.migrate(configuration),
    "voucher-key": lambda _, given: vouchers.show_key(given.file.absolute()),
    "vouchers": lambda configuration, given: vouchers.batch(
        configuration, given.key, given.plan, given.days, given.count, given.expires
    ),
}


def _named(argument: str) -> str:
    """An account or a code that begins with a hyphen, in hexadecimal: argparse would take it for an option."""
    if len(argument) != NAME_CHARACTERS or not argument.startswith("-"):
        return argument
    data = base64url_decode(argument)
    return argument if data is None else data.hex()


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    given = parser().parse_args([_named(one) for one in (sys.argv[1:] if arguments is None else arguments)])
    try:
        configuration = read(given.config)
        if configuration.accounts is None:
            raise AdminRefused("this service keeps no accounts")
        if given.command in UPKEEP:
            print("\n".join(UPKEEP[given.command](configuration, given)))
            return 0
        given.published = None if configuration.published is None else Path(configuration.published)
        house = open_house(
            Path(configuration.state),
            configuration.database,
            configuration.accounts,
            configuration.registration,
            "http://localhost",
        )
        try:
            print("\n".join(COMMANDS[given.command](house, given)))
        finally:
            house.database.close()
    except (ConfigurationRefused, AdminRefused, SchemaTooNew, *UNFIT, OSError, SQLAlchemyError) as refused:
        # A database error's text holds statements and their values.
        text = type(refused).__name__ if isinstance(refused, SQLAlchemyError) else str(refused)
        print(f"FAILED {text}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
