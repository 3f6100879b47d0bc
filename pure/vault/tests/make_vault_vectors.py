"""Writes the vectors of the vault's formats from the tables of cases. Run it by hand; a test compares its output."""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import cases_archive
import cases_contents
import cases_export
import cases_importers
import cases_keyring
import cases_merge
import cases_object
import cases_opener
import cases_page
import cases_pairing
import cases_repair
import cases_tree
import vault_material as m
from vault_form import Case, text_of, written_of
from vault_operations import OPERATIONS

FORMATS = {
    "opener": ("Codes, words and records of openers.", cases_opener.opener_cases, cases_opener.BLOBS),
    "keyring": ("What is believed of a keyring.", cases_keyring.keyring_cases, cases_keyring.BLOBS),
    "object": ("Sealed objects and boxes.", cases_object.object_cases, cases_object.BLOBS),
    "page": ("What is believed of an account's log.", cases_page.page_cases, cases_page.BLOBS),
    "pairing": ("Linking a device.", cases_pairing.pairing_cases, cases_pairing.BLOBS),
    "share": ("Links to snapshots.", cases_export.share_cases, cases_export.BLOBS),
    "export": ("Archives, manifests and encrypted exports.", cases_export.export_cases, cases_export.BLOBS),
    "search": ("Segments of the local index.", cases_archive.search_cases, {}),
    "contents": ("What is inside sealed objects.", cases_contents.contents_cases, cases_contents.BLOBS),
}
RULES = {
    "merge": ("Clocks, and edits at the same time.", cases_merge.merge_cases, cases_merge.BLOBS),
    "tree": ("Branches, deleting and orphans.", cases_tree.tree_cases, {}),
    "title": ("Titles of chats.", cases_tree.title_cases, {}),
    "wallet": ("Which device may spend which token.", cases_tree.wallet_cases, cases_contents.BLOBS),
    "repair": ("Two branches of one log.", cases_repair.repair_cases, cases_repair.BLOBS),
    "importers": ("Exports of other services.", cases_importers.importers_cases, {}),
    "rotation": ("What a rotation still needs.", cases_repair.rotation_cases, {}),
}
"""What is decided about contents that were read: here most cases are answered, not refused."""
FILES = FORMATS | RULES


def _written(one: Case, blobs: dict[str, bytes]) -> Case:
    due = one["expect"]
    expect = {"ok": OPERATIONS[one["op"]](one["input"])} if due is ... else {"error": due}
    return {**one, "input": written_of(one["input"], blobs), "expect": expect}


def made() -> dict[str, str]:
    """The content of each file by folder name, one case per line."""
    content = {}
    for name, (what, cases, blobs) in FILES.items():
        lines = ",\n".join(" " + json.dumps(_written(one, blobs)) for one in cases())
        shared = {blob: text_of(data, {}) for blob, data in blobs.items() if f"${blob}" in lines}
        head: dict[str, Any] = {"spec": name, "what": what, "blobs": shared}
        content[name] = f'{json.dumps(head)[:-1]}, "cases": [\n{lines}\n]}}\n'
    return content


if __name__ == "__main__":
    for name, text in made().items():
        folder = m.OWN / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cases.json").write_text(text)
        cases = json.loads(text)["cases"]
        print(
            f"{name}: {len(cases)} cases, {sum('error' in one['expect'] for one in cases)} must fail, {len(text)} bytes"
        )
    m.KEPT.write_text(json.dumps(m.used, indent=1, sort_keys=True) + "\n")
