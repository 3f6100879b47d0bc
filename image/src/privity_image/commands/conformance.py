"""`privity-image conformance DIR`: the manifests of a folder of evidence with an `index.json`, judged by this tool.

Only they: clients judge everything else with `privity conformance attestation`, and never see XML.
"""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from privity_image.cli import ALARM, DONE
from privity_image.collateral import certificates
from privity_image.commands.measure import read
from privity_image.errors import Failed
from privity_image.reference_values import rim
from privity_image.trust import PINNED

MAX_INDEX = 16 * 1024 * 1024
KIND = "nvidia-rim"


def run(folder: Path) -> int:
    """Print a line per manifest and the count. Return the exit code: ALARM when one is judged otherwise than expected.

    Raises Failed `configuration` without a readable index.
    """
    passed = failed = 0
    for name, told in verdicts(folder):
        passed, failed = passed + (told is None), failed + (told is not None)
        print(f"✓ {name}" if told is None else f"✗ {name}: {told}")
    print(f"{passed} passed, {failed} failed")
    return ALARM if failed or not passed else DONE


def verdicts(folder: Path) -> Iterator[tuple[str, str | None]]:
    """Yield each case with a manifest: its id, and None or what differs from the index."""
    try:
        index = json.loads(read(folder / "index.json", MAX_INDEX))
        cases = [case for case in index["cases"] if "rim" in case["files"]]
        digests = {str(path): str(one["sha256"]) for path, one in index["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Failed("configuration", f"{folder}/index.json: not an index") from error
    for case in cases:
        yield str(case["id"]), _difference(folder, case, digests)


def _difference(folder: Path, case: Mapping[str, Mapping[str, str]], digests: Mapping[str, str]) -> str | None:
    files, expect = case["files"], case["expect"]
    xml = read(folder / files["rim"], rim.MAX_BYTES + 1)
    if digests.get(files["rim"]) != sha256(xml).hexdigest():
        return "the file is not the one of the index"
    own = str(case["tee"]) == KIND
    pins = PINNED.nvidia_rim
    if own and "root" in files:
        (root, *_) = certificates.chain(read(folder / files["root"]), "root")
        pins = frozenset({certificates.pin_of(root)})
    try:
        rim.verify(xml, pins=pins)
    except rim.RimRefused as refused:
        found = [one.split(":")[0] for one in refused.reasons]
        # Beside evidence of another kind, the manifest is to be genuine whatever the evidence is.
        if own and expect["crypto"] == "fail" and str(expect["reason"]).split(":")[0].split(" ")[0] in found:
            return None
        return f"refused: {refused}"
    return f"accepted, expected {expect['reason']}" if own and expect["crypto"] != "pass" else None
