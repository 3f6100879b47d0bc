"""systemd units as data: sections of repeated keys, in order."""

import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/systemd"
SERVICES = sorted(FOLDER.glob("*.service"))
TIMERS = sorted(FOLDER.glob("*.timer"))

Unit = dict[str, dict[str, list[str]]]


def read(path: Path) -> Unit:
    """Section to key to values."""
    found: Unit = {}
    section = ""
    for line in path.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
            found[section] = {}
        elif line and not line.startswith("#"):
            key, separator, value = line.partition("=")
            assert separator, f"{path.name}: {line}"
            found[section].setdefault(key, []).append(value)
    return found


def variables(unit: Unit) -> dict[str, str]:
    """What the unit's EnvironmentFile sets, from its example."""
    found = {}
    for name in unit["Service"].get("EnvironmentFile", []):
        assert name.startswith("/etc/privity/"), name
        example = ROOT / "deploy/examples" / name.removeprefix("/etc/privity/")
        lines = (line for line in example.read_text().splitlines() if line and not line.startswith("#"))
        found |= dict(line.split("=", 1) for line in lines)
    return found


def command(unit: Unit) -> list[str]:
    """The words that ExecStart becomes with the example's variables: `${X}` is one word, `$X` as many as it holds."""
    (start,) = unit["Service"]["ExecStart"]
    known = variables(unit)
    words: list[str] = []
    for word in shlex.split(start):
        if word.startswith("$") and not word.startswith(("${", "$$")):
            words += shlex.split(known[word[1:]])
        elif word.startswith("${"):
            words.append(known[word[2:-1]])
        else:
            words.append(word.replace("$$", "$").replace("%%", "%"))
    return words
