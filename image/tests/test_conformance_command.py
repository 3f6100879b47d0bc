"""`privity-image conformance`: manifests of a folder, against what its index expects."""

import json
from hashlib import sha256

import pytest
from image_rim import manifest, signers
from privity_image import cli
from privity_image.commands.conformance import run, verdicts
from privity_image.errors import Failed


def test_the_shared_manifests_are_judged_as_expected(vectors, capsys) -> None:
    assert run(vectors.folder) == cli.DONE
    assert capsys.readouterr().out.endswith("5 passed, 0 failed\n")


def folder_of(path, xml: bytes, **expect: str):
    """A folder with one manifest whose root is the tests' own."""
    (path / "m.xml").write_bytes(xml)
    (path / "root.pem").write_bytes(signers()[-1].pem)
    case = {"id": "one", "tee": "nvidia-rim", "files": {"rim": "m.xml", "root": "root.pem"}, "expect": expect}
    files = {"m.xml": {"sha256": sha256(xml).hexdigest()}}
    (path / "index.json").write_text(json.dumps({"cases": [case], "files": files}))
    return path


CHANGED = manifest().replace(b"1.2.3", b"1.2.4")


@pytest.mark.parametrize(
    ("xml", "expect", "told"),
    [
        (manifest(), {"crypto": "pass", "reason": "rim"}, None),
        (CHANGED, {"crypto": "fail", "reason": "rim_signature (altered)"}, None),
        (CHANGED, {"crypto": "fail", "reason": "rim_chain"}, "refused: rim_signature:value"),
        (CHANGED, {"crypto": "pass", "reason": "rim"}, "refused: rim_signature:value"),
        (manifest(), {"crypto": "fail", "reason": "rim_chain"}, "accepted, expected rim_chain"),
    ],
)
def test_what_differs_from_the_index_is_told(tmp_path, xml, expect, told) -> None:
    folder = folder_of(tmp_path, xml, **expect)
    assert list(verdicts(folder)) == [("one", told)]
    assert run(folder) == (cli.DONE if told is None else cli.ALARM)


def test_a_file_that_is_not_the_indexs_fails(tmp_path) -> None:
    folder = folder_of(tmp_path, manifest(), crypto="pass", reason="rim")
    (folder / "m.xml").write_bytes(manifest(version="9"))
    assert [told for _, told in verdicts(folder)] == ["the file is not the one of the index"]


def test_a_folder_without_manifests_proves_nothing(tmp_path) -> None:
    (tmp_path / "index.json").write_text('{"cases":[],"files":{}}')
    assert run(tmp_path) == cli.ALARM


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cases":[{}],"files":{}}'])
def test_what_is_not_an_index_is_misuse(tmp_path, text) -> None:
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(Failed, match="configuration"):
        run(tmp_path)
