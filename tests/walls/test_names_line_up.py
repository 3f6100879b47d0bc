"""Each spec has vectors, a Python module and a TypeScript module of its name, or a line that says why not."""

import pytest
from tree import ROOT

SPECS = sorted(path for path in (ROOT / "specs").glob("*.md") if path.stem != "README")
PYTHON = [
    ROOT / "pure/protocol/src/privity_protocol",
    ROOT / "pure/attest/src/privity_attest",
    ROOT / "pure/tlog/src/privity_tlog",
    ROOT / "pure/vault/src/privity_vault",
]
TYPESCRIPT = [
    ROOT / "user/web/packages/protocol/src",
    ROOT / "user/web/packages/attest/src",
    ROOT / "user/web/packages/tlog/src",
    ROOT / "user/web/packages/vault/src",
    ROOT / "user/web/packages/passkeys/src",
    ROOT / "user/web/packages/history/src",
    ROOT / "user/web/packages/account/src",
    ROOT / "user/web/packages/trust/src",
    ROOT / "user/web/packages/channel/src",
]


def stem(name: str, separator: str) -> str:
    """A spec's name as a module name."""
    return name.replace("-", separator)


def excused(text: str, opening: str) -> bool:
    """Whether the spec gives a reason, in words, on a line that begins so."""
    return any(line.startswith(opening) and len(line) > len(opening) + 10 for line in text.splitlines())


def missing(name: str, text: str) -> list[str]:
    """What the spec lacks and does not excuse."""
    python = any((folder / f"{stem(name, '_')}.py").exists() for folder in PYTHON)
    package = any((folder / stem(name, "_") / "__init__.py").exists() for folder in PYTHON)
    script = any(
        (folder / f"{stem(name, '_')}.ts").exists() or any((folder / stem(name, "_")).glob("*.ts"))
        for folder in TYPESCRIPT
    )
    lacks = {
        "No vectors:": not any((ROOT / "vectors" / name).glob("*")),
        "Not in Python:": not (python or package),
        "Not in TypeScript:": not script,
    }
    return [opening for opening, lacking in lacks.items() if lacking and not excused(text, opening)]


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_a_spec_has_its_three_counterparts(spec) -> None:
    assert missing(spec.stem, spec.read_text()) == []


def test_every_vector_folder_belongs_to_a_spec() -> None:
    folders = {path.name for path in (ROOT / "vectors").iterdir() if path.is_dir()}
    assert folders - {path.stem for path in SPECS} - {"__pycache__"} == set()


def test_there_are_specs_to_check() -> None:
    assert len(SPECS) >= 8
    assert missing("no-such-spec", "Not in Python: short") == ["No vectors:", "Not in Python:", "Not in TypeScript:"]
