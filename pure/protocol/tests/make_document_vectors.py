"""Writes vectors/{canonical,cbor,binding,evidence,directory,admission}. Run it by hand; a test compares its output."""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import vector_documents as documents
import vector_evidence as proofs
from shared_vectors import OWN

FILES = {
    "canonical": ("One spelling of JSON, and what is not it.", documents.canonical),
    "cbor": ("One encoding of CBOR, and what is not it.", documents.cbor),
    "binding": ("Node documents, what is derived from their bytes, and their window.", proofs.node_documents),
    "evidence": ("The container of evidence, byte by byte.", proofs.bundles),
    "directory": ("The list of nodes.", proofs.directories),
    "admission": ("Outer errors and what a client may do about them.", documents.admission),
}


def made() -> dict[str, dict[str, Any]]:
    """The content of each file by folder name."""
    return {name: {"spec": name, "what": what, "cases": cases()} for name, (what, cases) in FILES.items()}


def written(content: dict[str, Any]) -> str:
    """One case per line, so that a change shows as one."""
    head = json.dumps({name: value for name, value in content.items() if name != "cases"})[:-1]
    lines = ",\n".join(" " + json.dumps(one) for one in content["cases"])
    return f'{head}, "cases": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    for name, content in made().items():
        folder = OWN / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cases.json").write_text(written(content))
        failing = sum("error" in one["expect"] for one in content["cases"])
        print(f"{name}: {len(content['cases'])} cases, {failing} must fail")
