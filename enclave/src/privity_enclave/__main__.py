"""`python -m privity_enclave run`. The environment is cleared before anything is imported."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import NoReturn

from privity_enclave import events, process
from privity_enclave.failure import StartFailed


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise StartFailed("arguments", message)


def main(arguments: list[str]) -> int:
    """Run a node; return the exit status."""
    process.clear_environment(arguments)
    try:
        process.harden()
        events.silence()
        _run(_parser().parse_args(arguments))
    except StartFailed as failure:
        return _failed(failure.reason, failure.detail)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _failed("internal", events.place(error))
    return 0


def _failed(reason: str, detail: str) -> int:
    line = " ".join(f"FAILED {reason}: {detail}".split())
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="privity_enclave")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    run = commands.add_parser("run")
    run.add_argument("--config", type=Path, required=True)
    run.add_argument("--release", type=Path, required=True)
    run.add_argument("--listen", required=True)
    for name in ("--simulated-root", "--collateral", "--anchor"):
        run.add_argument(name, type=Path)
    run.add_argument("--model", action="append", default=[], metavar="ID=PATH")
    return parser


def _run(said: argparse.Namespace) -> None:
    import uvloop

    from privity_enclave import start

    models: dict[str, Path] = {}
    for given in said.model:
        name, separator, path = given.partition("=")
        if not separator or not path or name in models:
            raise StartFailed("arguments", "--model is ID=PATH, once for each model")
        models[name] = Path(path)
    chosen = start.Options(
        said.config, said.release, said.listen, said.simulated_root, said.collateral, said.anchor, models
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.get_loop().set_exception_handler(events.loop_fault)
        runner.run(start.run(chosen))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
