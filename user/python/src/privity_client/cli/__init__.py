"""The command `privity`. Each command imports its own code only when it runs, so that `--help` is quick."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from privity_client.cli.account_commands import register
from privity_client.cli.plan_commands import register as register_plans
from privity_client.cli.relay_commands import register as register_relay
from privity_client.cli.trust_commands import register as register_trust

_PORT = os.environ.get("PRIVITY_PORT", "")
DEFAULT_URL: Final = f"http://localhost:{_PORT if _PORT.isdecimal() else 8080}"
"""Where `privity serve` of the same settings answers."""
EXIT_CODES: Final = (
    "Exit codes: 0 done, 1 failed, 2 misuse, 3 refused (evidence or consent), 4 the other side's bytes were malformed, "
    "5 unreachable."
)

app = typer.Typer(
    name="privity",
    help="Privity: an AI chat that only its user can read.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models_app = typer.Typer(
    help="Models on this machine: list, pull from the catalogue, add a file.", no_args_is_help=True
)
conformance_app = typer.Typer(help="Run the cases of a vector folder.", no_args_is_help=True)
receipt_app = typer.Typer(help="A node's signed word on an answer, where one was asked for.", no_args_is_help=True)
app.add_typer(receipt_app, name="receipt", epilog=EXIT_CODES)
app.add_typer(models_app, name="models", epilog=EXIT_CODES)
app.add_typer(conformance_app, name="conformance", epilog=EXIT_CODES)

Url = Annotated[str, typer.Option("--url", help="Address of the server.", envvar="PRIVITY_URL")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
AllowSimulated = Annotated[
    bool,
    typer.Option(
        "--allow-simulated", help="Accept a test enclave for this run. Whoever runs that server can read your messages."
    ),
]
At = Annotated[str, typer.Option("--at", metavar="TIME", help="Judge as of then: ISO 8601, Unix seconds, now, saved.")]
OwnPolicy = Annotated[
    Path | None, typer.Option("--policy", metavar="FILE", help="Your own policy: stricter than the default.")
]
SecondOpinion = Annotated[
    bool, typer.Option("--second-opinion", help="Also ask the independent verifier dcap-qvl about Intel evidence.")
]
Relay = Annotated[
    str, typer.Option("--relay", metavar="URL", help="A relay of others that hides your address; off: none this time.")
]
DevelopmentRoot = Annotated[
    Path | None, typer.Option("--development-root", metavar="FILE", help="Root certificate of a test enclave (PEM).")
]


@app.command(epilog=EXIT_CODES)
def serve(
    model: Annotated[list[str] | None, typer.Option("--model", help="Model id to serve; may be repeated.")] = None,
    no_witnesses: Annotated[
        bool, typer.Option("--no-witnesses", help="Run the logs without a witness; every verification then says so.")
    ] = False,
    plans: Annotated[
        bool, typer.Option("--plans", help="Count messages by plans: free with 20 a day, plus; in unlinkable tokens.")
    ] = False,
    plans_file: Annotated[
        Path | None, typer.Option("--plans-file", metavar="FILE", help="The same with your own plans (JSON).")
    ] = None,
) -> None:
    """Start Privity on this machine; Ctrl-C stops it.

    State lives in PRIVITY_HOME (default ~/.local/share/privity). PRIVITY_PORT (default 8080) and the next five ports
    are used.
    """
    from privity_client.cli.serve import serve as run

    _leave(lambda: run(model or [], witnessed=not no_witnesses, metered=plans, plans=plans_file))


@app.command(epilog=EXIT_CODES)
def chat(
    text: Annotated[str | None, typer.Argument(help="The first message.")] = None,
    once: Annotated[str | None, typer.Option("--once", metavar="TEXT", help="Ask this, print the answer, end.")] = None,
    model: Annotated[str, typer.Option("--model", help="Model id; default: the server's first.")] = "",
    system: Annotated[Path | None, typer.Option("--system", metavar="FILE", help="File with the system text.")] = None,
    file: Annotated[list[Path] | None, typer.Option("--file", metavar="PATH", help="Attach a text file.")] = None,
    continued: Annotated[str, typer.Option("--continue", metavar="ID", help="Go on with a chat of your account.")] = "",
    temporary: Annotated[bool, typer.Option("--temporary", help="Keep nothing of this chat.")] = False,
    profile: Annotated[
        str, typer.Option("--profile", help="Traffic shape: p1 (default), p2 stricter, p0 none.")
    ] = "p1",
    json: Json = False,
    relay: Relay = "",
    allow_simulated: AllowSimulated = False,
    development_root: DevelopmentRoot = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Chat with a model inside a verified enclave.

    With an account the chat is kept, sealed, on this machine and at the service; --temporary keeps nothing.
    In a terminal the chat goes on until /quit; with --once, --json or a pipe it ends after one answer.
    """
    from privity_client.cli.chat import chat as run
    from privity_client.cli.options import Options

    shared = (profile, json, allow_simulated, development_root, continued, temporary, relay)
    options = Options(url, text, once, model, system, file or [], *shared)
    _leave(lambda: run(options), as_json=json)


@app.command(epilog=EXIT_CODES)
def verify(
    url: Annotated[str, typer.Argument(help="Address of the server.")] = DEFAULT_URL,
    challenge: Annotated[
        bool, typer.Option("--challenge/--no-challenge", help="Also ask each node for a fresh answer of its hardware.")
    ] = True,
    policy: OwnPolicy = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="BUNDLE", help="Keep the evidence in a file, to check it later.")
    ] = None,
    second_opinion: SecondOpinion = False,
    relay: Relay = "",
    json: Json = False,
    allow_simulated: AllowSimulated = False,
    development_root: DevelopmentRoot = None,
) -> None:
    """Fetch the evidence of a server's nodes, and show every check and its reason."""
    from privity_client.cli.verify import Question
    from privity_client.cli.verify import verify as run

    question = Question(url, json, allow_simulated, development_root, challenge, policy, save, second_opinion, relay)
    _leave(lambda: run(question), as_json=json)


@app.command(epilog=EXIT_CODES)
def web(
    url: Annotated[str, typer.Argument(help="Address of the server.")] = DEFAULT_URL,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of this machine for the page.")] = 8090,
    allow_simulated: Annotated[
        bool, typer.Option("--allow-simulated", help="Serve the page that also knows test enclaves, and says so.")
    ] = False,
    relay: Relay = "",
) -> None:
    """Serve the page from this machine's disk, and carry what it sends to a server; Ctrl-C stops it.

    Whoever runs the server can then not change the page. It is the strongest way to use Privity in a browser.
    """
    from privity_client.cli.web import Wanted
    from privity_client.cli.web import web as run

    _leave(lambda: run(Wanted(url, port, allow_simulated, relay)))


@app.command(epilog=EXIT_CODES)
def proxy(
    url: Annotated[str, typer.Argument(help="Address of the server.")] = DEFAULT_URL,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port of this machine; 0: any.")] = 8990,
    profile: Annotated[
        str, typer.Option("--profile", help="Traffic shape: p1 (default), p2 stricter, p0 none.")
    ] = "p1",
    alias: Annotated[
        list[str] | None, typer.Option("--alias", metavar="NAME=MODEL", help="A name that programs ask for.")
    ] = None,
    relay: Relay = "",
    allow_origin: Annotated[
        list[str] | None, typer.Option("--allow-origin", help="A program that sends this Origin may ask.")
    ] = None,
    receipts: Annotated[
        Path | None, typer.Option("--receipts", metavar="DIR", help="Keep each answer with the node's signature there.")
    ] = None,
    new_key: Annotated[bool, typer.Option("--new-key", help="Choose another key; the last one ends.")] = False,
    allow_simulated: AllowSimulated = False,
    development_root: DevelopmentRoot = None,
) -> None:
    """Make every OpenAI program private: the same API on this machine, answered by verified enclaves; Ctrl-C stops it.

    The first start chooses a key and shows it once. A program needs the address and the key, and nothing else changes.
    """
    from privity_client.cli.proxy import Wanted
    from privity_client.cli.proxy import proxy as run

    names, origins = alias or [], allow_origin or []
    wanted = Wanted(url, port, profile, names, origins, relay, receipts, new_key, allow_simulated, development_root)
    _leave(lambda: run(wanted))


@app.command("verify-web", epilog=EXIT_CODES)
def verify_web(
    url: Annotated[str, typer.Argument(help="Address of the server.")] = DEFAULT_URL, json: Json = False
) -> None:
    """Fetch a server's page as anybody gets it, and compare every file with the build in the public log."""
    from privity_client.cli.verify_web import verify_web as run

    _leave(lambda: run(url, as_json=json), as_json=json)


@app.command("verify-bundle", epilog=EXIT_CODES)
def verify_bundle(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Evidence that `privity verify --save` kept.")],
    at: At = "saved",
    policy: OwnPolicy = None,
    deployment: Annotated[str, typer.Option("--deployment", help="Name of the deployment; default: local.")] = "",
    second_opinion: SecondOpinion = False,
    json: Json = False,
    allow_simulated: AllowSimulated = False,
    development_root: DevelopmentRoot = None,
) -> None:
    """Judge saved evidence offline, as of a time of your choice."""
    from privity_client.cli.verify_bundle import Saved
    from privity_client.cli.verify_bundle import verify_bundle as run

    saved = Saved(file, at, json, allow_simulated, development_root, policy, deployment, second_opinion)
    _leave(lambda: run(saved), as_json=json)


@receipt_app.command("verify", epilog=EXIT_CODES)
def verify_receipt(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A receipt, as `privity proxy --receipts` keeps it.")],
    saved: Annotated[
        Path | None,
        typer.Option("--evidence", metavar="FILE", help="The node's evidence with its logs: `privity verify --save`."),
    ] = None,
    at: At = "saved",
    policy: OwnPolicy = None,
    deployment: Annotated[str, typer.Option("--deployment", help="Name of the deployment; default: local.")] = "",
    json: Json = False,
    allow_simulated: AllowSimulated = False,
    development_root: DevelopmentRoot = None,
) -> None:
    """Say which model of which node answered what, offline, and whether its evidence held when its key began."""
    from privity_client.cli.receipt import Asked, verify_receipt
    from privity_client.cli.verify_bundle import Saved

    judging = Saved(file, at, json, allow_simulated, development_root, policy, deployment, second_opinion=False)
    _leave(lambda: verify_receipt(Asked(judging, saved)), as_json=json)


@app.command(epilog=EXIT_CODES)
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A quote, report, document, token, log, certificate…")],
    collateral: Annotated[
        Path | None, typer.Option("--collateral", metavar="FILE", help="Intel collateral (JSON) for a quote.")
    ] = None,
    leaf: Annotated[
        Path | None, typer.Option("--leaf", metavar="FILE", help="VCEK or VLEK certificate (DER) for a report.")
    ] = None,
    chain: Annotated[
        Path | None, typer.Option("--chain", metavar="FILE", help="Issuers (PEM) of a report or of a device.")
    ] = None,
    crl: Annotated[
        Path | None, typer.Option("--crl", metavar="FILE", help="Revocation list (DER) of a report.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Public key (PEM) that you trust for a token of Arm.")
    ] = None,
    at: At = "now",
    json: Json = False,
) -> None:
    """Say what a file of evidence is, what it says, and what of that is proven."""
    from privity_client.cli.inspect import Inspected
    from privity_client.cli.inspect import inspect as run

    named = {"collateral": collateral, "leaf": leaf, "chain": chain, "crl": crl, "key": key}
    beside = {role: path for role, path in named.items() if path is not None}
    _leave(lambda: run(Inspected(file, beside, at, json)), as_json=json)


@app.command(epilog=EXIT_CODES)
def policy(
    deployment: Annotated[str, typer.Option("--deployment", help="Name of the deployment.")] = "local",
) -> None:
    """Print the default policy, as the beginning of a stricter one of your own."""
    from privity_client.channel import unix_time
    from privity_client.user_policy import template

    typer.echo(template(now=unix_time(), deployment=deployment))


@models_app.command("list", epilog=EXIT_CODES)
def models_list(json: Json = False) -> None:
    """Show the models on this machine and in the catalogue."""
    from privity_client.cli.models import list_models

    _leave(lambda: list_models(json), as_json=json)


@models_app.command("pull", epilog=EXIT_CODES)
def models_pull(
    model: Annotated[str, typer.Argument(help="Model id of the catalogue.")],
    url_base: Annotated[str | None, typer.Option("--url-base", help="Another source with the same paths.")] = None,
) -> None:
    """Fetch a model by its pinned commit and digest; run it again to go on after an interruption."""
    from privity_client.cli.models import pull_model

    _leave(lambda: pull_model(model, url_base))


@models_app.command("add", epilog=EXIT_CODES)
def models_add(
    path: Annotated[Path, typer.Argument(help="A GGUF file.")],
    model: Annotated[str | None, typer.Option("--id", help="Model id; default: from the file name.")] = None,
    context: Annotated[int, typer.Option("--context", min=256, max=2**24, help="Tokens one chat may hold.")] = 4096,
) -> None:
    """Copy a model file into PRIVITY_HOME as operator-added; its digest shows in the node's evidence."""
    from privity_client.cli.models import add_model

    _leave(lambda: add_model(path, model, context))


@conformance_app.command("crypto", epilog=EXIT_CODES)
def conformance_crypto(folder: Annotated[Path, typer.Argument(metavar="DIR")], json: Json = False) -> None:
    """Run the channel's cases; exit 0 only if every case has its expected outcome."""
    from privity_client.cli.conformance import crypto

    _leave(lambda: crypto(folder, json), as_json=json)


@conformance_app.command("attestation", epilog=EXIT_CODES)
def conformance_attestation(folder: Annotated[Path, typer.Argument(metavar="DIR")], json: Json = False) -> None:
    """Judge the evidence of a folder at its times; exit 0 only if every case has its expected outcome."""
    from privity_client.cli.conformance import attestation

    _leave(lambda: attestation(folder, json), as_json=json)


@app.command(epilog=EXIT_CODES)
def version() -> None:
    """Show the version."""
    from privity_client.version import VERSION

    typer.echo(f"privity {VERSION}")


def _leave(command: Callable[[], int], *, as_json: bool = False) -> NoReturn:
    """Run a command, show a failure in words, and end with its exit code."""
    from privity_protocol.errors import PrivityError

    from privity_client.cli.failure import show
    from privity_client.errors import ClientError

    try:
        code = command()
    except PrivityError as error:
        code = show(error, as_json=as_json)
    except BrokenPipeError:
        raise  # The reader has gone, as in `privity chat … | head`: click ends quietly.
    except OSError as error:
        code = show(ClientError("output_failed", error.strerror or ""), as_json=False)
    except KeyboardInterrupt:
        code = 1
    raise typer.Exit(code)


register(app, _leave, epilog=EXIT_CODES, url=DEFAULT_URL)
register_plans(app, _leave, epilog=EXIT_CODES, url=DEFAULT_URL)
register_trust(app, _leave, epilog=EXIT_CODES, url=DEFAULT_URL)
register_relay(app, _leave, epilog=EXIT_CODES, url=DEFAULT_URL)


def main() -> None:
    """Entry point of the console script."""
    app()
