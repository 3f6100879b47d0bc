"""Budgets: what an auditor must read stays small."""

import ast
import json
import re
import subprocess
import sys
import tomllib

import pytest
from tree import ROOT, closure, code_lines, functions, inside_the_enclave, tracked_files

ENCLAVE_LINES = 5000
"""Lines of ours that hold code and that a process of the enclave can run (docs/decisions/0006 and 0007)."""
ENCLAVE_PACKAGES = 8
FILE_LINES = 500
FUNCTION_LINES = 80
EXCEPTIONS = ROOT / "tests/walls/size_exceptions.txt"
LOAD = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(list(sys.modules)))
"""
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def exceptions(text: str) -> dict[str, int]:
    """Subject → allowed lines."""
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {subject: int(lines) for subject, lines in rows}


def oversized() -> dict[str, int]:
    """Every file and function above its budget, with its lines."""
    found: dict[str, int] = {}
    for path in tracked_files(".py", ".ts", ".tsx", ".mjs"):
        name = str(path.relative_to(ROOT))
        lines = len(path.read_text().splitlines())
        if lines > FILE_LINES:
            found[name] = lines
        if path.suffix == ".py":
            found |= {f"{name}:{function}": size for function, size in functions(path) if size > FUNCTION_LINES}
    return found


def test_files_and_functions_keep_their_budget_or_are_listed() -> None:
    allowed = exceptions(EXCEPTIONS.read_text())
    assert {name: lines for name, lines in oversized().items() if lines > allowed.get(name, 0)} == {}


def test_no_exception_outlives_its_need() -> None:
    assert set(exceptions(EXCEPTIONS.read_text())) - set(oversized()) == set()


def test_the_list_of_exceptions_only_shrinks() -> None:
    """Compared with the last commit, and that one was compared with its own predecessor."""
    shown = ["git", "-C", str(ROOT), "show", "HEAD~1:tests/walls/size_exceptions.txt"]
    before = subprocess.run(shown, capture_output=True, text=True, check=False)
    if before.returncode != 0:
        pytest.skip("no earlier version of the list in this clone's history")
    earlier = exceptions(before.stdout)
    grown = {name: n for name, n in exceptions(EXCEPTIONS.read_text()).items() if n > earlier.get(name, 0)}
    assert grown == {}


def test_our_code_inside_the_enclave_fits_the_budget() -> None:
    assert 500 < sum(code_lines(path) for path in inside_the_enclave().values()) <= ENCLAVE_LINES


def test_what_is_loaded_is_what_is_counted() -> None:
    """Every module of the enclave imported in a fresh interpreter, commands and their late imports included."""
    counted = inside_the_enclave()
    names = sorted(name for name in counted if name.startswith("privity_enclave"))
    shown = subprocess.run([sys.executable, "-c", LOAD, *names], capture_output=True, text=True, check=True).stdout
    loaded = {name for name in json.loads(shown) if name.split(".")[0] in {"privity_protocol", "privity_enclave"}}
    assert loaded == set(counted)


def test_nothing_inside_the_enclave_is_imported_by_a_name_made_at_run_time() -> None:
    """Else reading the import statements would not tell what can run. `importlib.metadata` reads versions only."""
    dynamic = {
        "__import__",
        "import_module",
        "exec",
        "eval",
        "compile",
        "run_module",
        "run_path",
        "spec_from_file_location",
    }
    found = {
        f"{name}: {node.id if isinstance(node, ast.Name) else node.attr}"
        for name, path in inside_the_enclave().items()
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Name) and node.id in dynamic)
        or (isinstance(node, ast.Attribute) and node.attr in dynamic and not is_pattern(node))
    }
    assert found == set()


def is_pattern(node: ast.Attribute) -> bool:
    """Whether this is `re.compile`."""
    return isinstance(node.value, ast.Name) and node.value.id == "re"


def test_a_module_reached_only_through_another_is_counted(tmp_path) -> None:
    sources = {"a": "def f():\n    from p.b import x\n", "b": "import p.c\n", "c": "", "d": "import p.a\n"}
    for name, text in sources.items():
        (tmp_path / f"{name}.py").write_text(text)
    assert closure(["p.a"], {f"p.{name}": tmp_path / f"{name}.py" for name in sources}) == {"p.a", "p.b", "p.c"}


def test_the_readers_of_clients_alone_are_outside() -> None:
    """If one is imported again, the count grows, and this says where from."""
    outside = {"directory", "evidence", "binding", "hello", "run", "response", "line_reader", "session", "request"}
    outside |= {"token_request", "cbor"}
    assert {f"privity_protocol.{name}" for name in outside} & inside_the_enclave().keys() == set()


def test_the_reading_order_states_what_is_there() -> None:
    """Within two in a hundred, so that not every change of a line is a change of the document."""
    text = (ROOT / "docs/reading-order.md").read_text()
    stated = re.search(r"there are ([\d,]+) lines of ours that hold code, ([\d,]+) with", text)
    assert stated is not None
    paths = inside_the_enclave().values()
    code = sum(code_lines(path) for path in paths)
    physical = sum(len(path.read_text().splitlines()) for path in paths)
    said = [int(number.replace(",", "")) for number in stated.groups()]
    assert said == pytest.approx([code, physical], rel=0.02)


def test_only_lines_that_hold_code_are_counted(tmp_path) -> None:
    sample = tmp_path / "sample.py"
    docstring = '"""Docstring\nof two lines."""\n\n'
    statement = "x = (\n    1,  # one\n)\n# comment\n\n\n"
    function = 'def f():\n    """Doc."""\n    return x\n'
    sample.write_text(docstring + statement + function)
    assert code_lines(sample) == 5


def test_the_enclave_names_at_most_eight_packages_each_with_its_reason() -> None:
    project = tomllib.loads((ROOT / "enclave/pyproject.toml").read_text())["project"]
    names = [dependency.split(">")[0].split("=")[0].strip() for dependency in project["dependencies"]]
    foreign = [name for name in names if not name.startswith("privity-")]
    reasons = (ROOT / "enclave/DEPENDENCIES.md").read_text()
    assert len(foreign) <= ENCLAVE_PACKAGES
    assert [name for name in foreign if name not in reasons] == []


def test_modules_are_named_by_a_noun_of_the_glossary_not_by_a_shrug() -> None:
    vague = [str(path.relative_to(ROOT)) for path in tracked_files(".py", ".ts", ".tsx") if path.stem in VAGUE_NAMES]
    assert vague == []
