"""Writes the vectors of the log's formats from the tables of cases. Run it by hand; a test compares its output."""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import cases_bulletin
import cases_leaves
import cases_note
import cases_proof
import cases_witness
import log_material as m
from log_form import BYTES, Case, text_of
from log_operations import OPERATIONS

SIGNERS = {"log": m.LOG, "alpha": m.ALPHA, "beta": m.BETA, "gamma": m.GAMMA}
BLOBS: dict[str, bytes] = {
    "policy": m.POLICY,
    "rotating": m.ROTATING,
    "pqkey": m.PQ_LOG.vkey.encode(),
    "betakey": m.BETA.vkey.encode(),
    "unknown": cases_note.UNKNOWN_LINE,
    **cases_leaves.BLOBS,
    **cases_bulletin.BLOBS,
    **{
        f"{name}{size}": m.written(m.head(size), [one.line(m.head(size))]).split(b"\n\n")[1]
        for name, one in SIGNERS.items()
        for size in (7, 11)
    },
}
"""What occurs in several cases; a file carries those that it uses."""
FILES = {
    "note": ("Verifier keys and signed notes.", cases_note.note_cases),
    "checkpoint": ("The head of a log as text.", cases_note.checkpoint_cases),
    "cosignature": ("What a witness says of a head.", cases_witness.cosignature_cases),
    "witness-policy": ("Policies, and the heads that they believe.", cases_witness.policy_cases),
    "proof": ("Offline proofs, as text and as a whole.", cases_proof.proof_cases),
    "view": ("What is remembered of a log.", cases_proof.view_cases),
    "tiles": ("Static files of a log.", cases_proof.tile_cases),
    "leaves": ("What the logs hold.", cases_leaves.leaf_cases),
    "bulletin": ("What an operator posts of both logs.", cases_bulletin.bulletin_cases),
}
TABLES: dict[str, list[Case]] = {name: cases() for name, (_, cases) in FILES.items()}
"""The cases as the tables have them, bytes as bytes."""


def _written(one: Case) -> Case:
    given = {name: text_of(value, BLOBS) if name in BYTES else value for name, value in one["input"].items()}
    due = one["expect"]
    expect = {"ok": OPERATIONS[one["op"]](one["input"])} if due is ... else {"error": due}
    return {**one, "input": given, "expect": expect}


def made() -> dict[str, str]:
    """The content of each file by folder name, one case per line."""
    content = {}
    for name, (what, _) in FILES.items():
        lines = ",\n".join(" " + json.dumps(_written(one)) for one in TABLES[name])
        blobs = {blob: data.hex() for blob, data in BLOBS.items() if f'"${blob}"' in lines}
        head: dict[str, Any] = {"spec": name, "what": what, "blobs": blobs}
        content[name] = f'{json.dumps(head)[:-1]}, "cases": [\n{lines}\n]}}\n'
    return content


if __name__ == "__main__":
    for name, text in made().items():
        folder = m.OWN / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cases.json").write_text(text)
        cases = json.loads(text)["cases"]
        print(f"{name}: {len(cases)} cases, {sum('error' in one['expect'] for one in cases)} must fail")
    m.KEPT.write_text(json.dumps(m.used, indent=1, sort_keys=True) + "\n")
