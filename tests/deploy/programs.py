"""Whether a command line is one that the program itself would take: its own parser is asked, nothing runs."""

import contextlib
import importlib
import importlib.util
import io
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import typer
from typer.core import TyperCommand, TyperGroup

ROOT = Path(__file__).resolve().parents[2]
Check = Callable[[list[str]], None]


class NoSuchCommand(Exception):
    """The program refuses the command line; the text says why."""


def install_script() -> ModuleType:
    """`deploy/install.py`, loaded."""
    found = importlib.util.spec_from_file_location("install_of_roles", ROOT / "deploy/install.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def _typer(module: str) -> Check:
    def check(arguments: list[str]) -> None:
        found = typer.main.get_command(importlib.import_module(module).app)
        rest = list(arguments)
        while isinstance(found, TyperGroup):
            if not rest or rest[0] not in found.commands:
                raise NoSuchCommand(f"{found.name} has no {rest[:1]}")
            found = found.commands[rest.pop(0)]
        assert isinstance(found, TyperCommand)
        try:
            found.make_context(found.name or "", rest)
        except Exception as error:
            # Of the click that typer brings along, whose place differs between versions.
            if not hasattr(error, "format_message"):
                raise
            raise NoSuchCommand(error.format_message()) from error

    return check


def _exits(run: Callable[[list[str]], object]) -> Check:
    """For a parser that ends the process, which no right command line here does."""

    def check(arguments: list[str]) -> None:
        said = io.StringIO()
        try:
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
                run(arguments)
        except SystemExit as error:
            raise NoSuchCommand(said.getvalue()) from error

    return check


def _service(arguments: list[str]) -> None:
    from privity_service.__main__ import main

    # No such file: the command line is taken, and the configuration refused.
    main(["/nowhere" if one.startswith("/") else one for one in arguments])


def _relay(arguments: list[str]) -> None:
    from privity_service.relay.__main__ import main

    # No such file: the command line is taken, and the configuration refused.
    main(["/nowhere" if one.startswith("/") else one for one in arguments])


def _gateway(arguments: list[str]) -> None:
    from privity_service.gateway.__main__ import parser

    parser().parse_args(arguments)


def _ledger(arguments: list[str]) -> None:
    from privity_service.ledger.__main__ import main

    # No such file: the command line is taken, and the configuration refused.
    main(["/nowhere" if one.startswith("/") else one for one in arguments])


def _admin(arguments: list[str]) -> None:
    from privity_service.admin.__main__ import parser

    parser().parse_args(arguments)


def _enclave(arguments: list[str]) -> None:
    from privity_enclave.__main__ import _parser
    from privity_enclave.failure import StartFailed

    try:
        _parser().parse_args(arguments)
    except StartFailed as error:
        raise NoSuchCommand(error.detail) from error


def _simulation(arguments: list[str]) -> None:
    from privity_simulation.__main__ import parser

    parser().parse_args(arguments)


def _image(arguments: list[str]) -> None:
    from privity_image import cli
    from privity_image.cli_measure import measure_app

    if not any(group.typer_instance is measure_app for group in cli.app.registered_groups):
        cli.app.add_typer(measure_app, name="measure")
    _typer("privity_image.cli")(arguments)


PROGRAMS: dict[str, Check] = {
    "privity-log": _typer("privity_log.cli"),
    "privity-release": _typer("privity_image.cli_release"),
    "privity-image": _image,
    "privity-admin": _exits(_admin),
    "privity-relay": _exits(_relay),
    "privity-gateway": _exits(_gateway),
    "privity-ledger": _exits(_ledger),
    "privity": _typer("privity_client.cli"),
    "privity_service": _exits(_service),
    "privity_enclave": _enclave,
    "privity_simulation": _exits(_simulation),
}
"""By the name of the script, or of the module behind `python -m`."""


def program_of(words: Sequence[str]) -> tuple[str, list[str]] | None:
    """The program of ours among the words of a command, and what it is given; None when there is none."""
    for index, word in enumerate(words):
        name = word.rpartition("/")[2]
        if word == "-m" and words[index + 1 : index + 2] and words[index + 1] in PROGRAMS:
            return words[index + 1], list(words[index + 2 :])
        if name in PROGRAMS and "_" not in name and (index == 0 or "/bin/" in word):
            return name, list(words[index + 1 :])
    return None


def check(words: Sequence[str]) -> str | None:
    """The program that takes these words, None when it is none of ours. Raises NoSuchCommand."""
    found = program_of(words)
    if found is None:
        return None
    name, arguments = found
    try:
        PROGRAMS[name](arguments)
    except NoSuchCommand as error:
        raise NoSuchCommand(f"{shlex.join(words)}: {error}") from error
    return name


def documented(text: str) -> list[list[str]]:
    """The commands in fenced blocks of a document that name a program of ours, as words."""
    found = []
    for block in re.findall(r"^ *```[a-z]*\n(.*?)^ *```", text, re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            bare = re.sub(r"\[[^\]]*\]|…", " ", line.split(" #")[0])
            bare = re.split(r" {3,}(?=[a-z])", bare.strip())[0]
            for part in re.split(r"\||&&|;| > ", bare):
                with contextlib.suppress(ValueError):
                    words = shlex.split(part)
                    if program_of(words) is not None:
                        found.append(words)
    return found
