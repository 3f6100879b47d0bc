"""Makes cases.json: one good catalogue and the ways to spoil it. Run from this folder; standard library only."""

import json
from collections.abc import Callable
from pathlib import Path

ENTRY = {
    "attention": "plain",
    "commit": "0123456789abcdef0123456789abcdef01234567",
    "context": 4096,
    "display": "Example 1B",
    "engines": ["xllamacpp", "llama-server"],
    "file": "example-1b-q8_0.gguf",
    "id": "example-1b",
    "licence": "Apache-2.0",
    "min_ram": 2048,
    "quant": "Q8_0",
    "repository": "example/example-1b-GGUF",
    "sha256": "ab" * 32,
    "size": 1000,
    "template": None,
}
Document = dict[str, object]


def document() -> Document:
    return {"v": 1, "t": "catalogue", "version": 3, "models": [dict(ENTRY)]}


def encode(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def changed(name: str, value: object) -> str:
    made = document()
    made["models"][0][name] = value
    return encode(made)


def without(name: str) -> str:
    made = document()
    del made["models"][0][name]
    return encode(made)


def top(change: Callable[[Document], object]) -> str:
    made = document()
    change(made)
    return encode(made)


UNPINNED = {"commit": None, "sha256": None, "size": None}
GOOD = [
    ("pinned", "An entry with commit, size and digest can be pulled.", encode(document()), 3, ["example-1b"], ["example-1b"]),
    (
        "unpinned",
        "An entry without the three is listed and cannot be pulled.",
        top(lambda d: d["models"][0].update(UNPINNED)),
        3,
        ["example-1b"],
        [],
    ),
    ("empty", "A catalogue may be empty.", top(lambda d: d.update(models=[])), 3, [], []),
    ("template", "A digest of the chat template.", changed("template", "cd" * 32), 3, ["example-1b"], ["example-1b"]),
]
BAD = [
    ("half-pin-digest", "A digest without commit and size.", changed("commit", None), "member_value"),
    ("half-pin-commit", "A commit without digest.", changed("sha256", None), "member_value"),
    ("half-pin-size", "A digest without size.", changed("size", None), "member_value"),
    ("digest-upper-case", "Digests are lower case.", changed("sha256", "AB" * 32), "member_value"),
    ("digest-short", "A digest has 32 bytes.", changed("sha256", "ab" * 31), "member_value"),
    ("digest-number", "A digest is text.", changed("sha256", 7), "member_type"),
    ("branch-name", "A commit is 40 hex digits, never a branch.", changed("commit", "main"), "member_value"),
    ("size-zero", "A file has bytes.", changed("size", 0), "member_value"),
    ("size-huge", "No file is larger than 2 TiB.", changed("size", 2**41 + 1), "member_value"),
    ("size-text", "A size is an integer.", changed("size", "1000"), "member_type"),
    ("id-upper-case", "An id is lower case.", changed("id", "Example"), "member_value"),
    ("id-path", "An id is no path.", changed("id", "../x"), "member_value"),
    ("id-empty", "An id is not empty.", changed("id", ""), "member_value"),
    ("file-path", "A file is a name, not a path.", changed("file", "a/b.gguf"), "member_value"),
    ("file-parent", "A file name does not begin with a dot.", changed("file", "..gguf"), "member_value"),
    ("repository-three", "A repository is owner/name.", changed("repository", "a/b/c"), "member_value"),
    ("repository-url", "A repository is no address.", changed("repository", "http://x/y"), "member_value"),
    ("engine-unknown", "Engines are from a closed list.", changed("engines", ["mystery"]), "member_value"),
    ("engine-twice", "No engine is named twice.", changed("engines", ["vllm", "vllm"]), "member_value"),
    ("engine-none", "At least one engine.", changed("engines", []), "member_value"),
    ("attention-unknown", "Attention is from a closed list.", changed("attention", "magic"), "member_value"),
    ("context-small", "A context has at least 256 tokens.", changed("context", 128), "member_value"),
    ("template-short", "A template digest has 32 bytes.", changed("template", "cd"), "member_value"),
    ("missing-licence", "Every member is required.", without("licence"), "missing_member"),
    ("missing-digest", "An unpinned entry says null.", without("sha256"), "missing_member"),
    ("unknown-member", "Unknown members are refused.", changed("url", "x"), "unknown_member"),
    ("id-twice", "Ids are distinct.", top(lambda d: d["models"].append(dict(ENTRY))), "member_value"),
    ("version-zero", "Versions begin at 1.", top(lambda d: d.update(version=0)), "member_value"),
    ("other-format", "v is 1.", top(lambda d: d.update(v=2)), "member_value"),
    ("other-type", "t is catalogue.", top(lambda d: d.update(t="directory")), "member_value"),
    ("top-unknown", "Unknown members are refused at the top.", top(lambda d: d.update(note="x")), "unknown_member"),
    ("models-object", "models is a list.", top(lambda d: d.update(models={})), "member_type"),
    ("not-canonical", "White space is not canonical.", json.dumps(document()), "not_canonical"),
    ("not-json", "It is JSON.", "catalogue", "not_canonical"),
]


def main() -> None:
    cases = [
        {
            "id": name,
            "what": what,
            "op": "decode_catalogue",
            "input": {"document": text},
            "expect": {"ok": {"version": version, "ids": ids, "pinned": pinned}},
        }
        for name, what, text, version, ids, pinned in GOOD
    ]
    cases += [
        {"id": name, "what": what, "op": "decode_catalogue", "input": {"document": text}, "expect": {"error": reason}}
        for name, what, text, reason in BAD
    ]
    value = {"spec": "catalogue", "what": "The packaged list of models that may be pulled.", "cases": cases}
    Path("cases.json").write_text(json.dumps(value, indent=1) + "\n")


if __name__ == "__main__":
    main()
