"""The SDK's examples and the `openai` package with its transport against a whole installation, with its capture."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import AsyncOpenAI, OpenAI
from privity_client import Chat, Client, Policy, User, async_http_client, http_client
from privity_client.appraisal import read_root
from privity_client.client.progress import Progress, Verifying
from privity_client.errors import ClientError
from served import Served
from typescript import example as command_of

pytestmark = [pytest.mark.system, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "user/python/examples").glob("*.py"))
SAID: list = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, small_model) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("served"), small_model)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def policy_of(served: Served) -> Policy:
    """The consent to this installation's test enclave."""
    return Policy(development_root=served.home.root_certificate, home=served.home.root)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_run(example: Path, served: Served) -> None:
    argv = [sys.executable, "-W", "error", str(example), served.url, str(served.home.root_certificate)]
    done = subprocess.run(argv, env=served.environment, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def typescript(served: Served, *words: str, example: str = "ask") -> "subprocess.CompletedProcess[str]":
    """What the TypeScript example does."""
    argv = command_of(example, served.home.root, served.url, *words)
    return subprocess.run(argv, capture_output=True, text=True, timeout=110, check=False)


def test_the_typescript_example_streams_and_refuses_without_consent(served: Served) -> None:
    done = typescript(served, read_root(served.home.root_certificate).hex())
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("data: [DONE]\n\n")
    refused = typescript(served)
    assert refused.returncode != 0
    assert "simulated_not_allowed" in refused.stderr


def test_the_command_line_believes_the_receipt_that_a_typescript_program_keeps(served: Served, tmp_path: Path) -> None:
    root = read_root(served.home.root_certificate).hex()
    done = typescript(served, str(tmp_path), root, example="receipt")
    assert done.returncode == 0, done.stderr
    # Node.js may warn beside it.
    assert [line for line in done.stderr.splitlines() if line.isalpha()] == [
        "verifying",
        "sending",
        "waiting",
        "streaming",
        "finished",
    ]
    file = tmp_path / f"{done.stdout.strip()}.receipt.json"
    assert file.stat().st_mode & 0o777 == 0o600
    verified = served.run("receipt", "verify", str(file), "--allow-simulated")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    file.write_bytes(file.read_bytes().replace(b'"request":"', b'"request":"AAAA', 1))
    assert served.run("receipt", "verify", str(file), "--allow-simulated").returncode != 0


def test_without_consent_nothing_is_opened(served: Served) -> None:
    client = Client(served.url, Policy(home=served.home.root))
    with pytest.raises(ClientError) as caught, client:
        pass
    assert caught.value.reason == "simulated_not_allowed"


def test_typed_answers_are_alike_and_the_nodes_are_counted(served: Served) -> None:
    seen = list[Progress]()
    asked = Chat([User("Hello")], max_tokens=12, temperature=0, seed=1)
    with Client(served.url, policy_of(served), profile="p0", progress=seen.append) as client:
        assert Verifying(1, 1) in seen
        first, second = client.chat(asked), client.chat(asked)
    assert first.text == second.text
    assert first.usage is not None
    assert (first.usage.completion, first.node.simulated) == (12, True)


def test_the_openai_package_streams_through_the_transport(served: Served) -> None:
    with http_client(served.url, policy_of(served), profile="p0") as http:
        program = OpenAI(api_key="none", http_client=http, max_retries=0)
        more = {"model": "tiny", "messages": SAID, "max_tokens": 12, "temperature": 0, "seed": 1}
        whole = program.chat.completions.create(**more)
        parts = program.chat.completions.create(**more, stream=True)
        assert "".join(part.choices[0].delta.content or "" for part in parts) == whole.choices[0].message.content

    async def many() -> set[str | None]:
        async with async_http_client(served.url, policy_of(served), profile="p0") as http:
            program = AsyncOpenAI(api_key="none", http_client=http, max_retries=0)
            told = await asyncio.gather(*(program.chat.completions.create(**more) for _ in range(4)))
            return {one.choices[0].message.content for one in told}

    assert asyncio.run(many()) == {whole.choices[0].message.content}
