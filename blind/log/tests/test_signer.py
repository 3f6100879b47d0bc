"""Key files and tokens: modes, forms, and that no private byte shows."""

import pytest
from privity_log import signer
from privity_log.errors import LogError
from privity_tlog import checkpoint, cosignature, keys, note
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.keys import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, NOTE_ED25519
from stand import LOG, NOW, ORIGIN, W1

HEAD = Checkpoint(ORIGIN, 7, bytes(32))
SEEDS = bytes(range(64))


def test_a_key_file_is_made_once_private_and_read_back(tmp_path) -> None:
    path = tmp_path / "keys/release.key"
    kinds = (NOTE_ED25519, COSIGNATURE_MLDSA44)
    made = signer.make_key_file(path, ORIGIN, kinds, SEEDS)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.key for one in signer.read_key_file(path)] == [one.key for one in made]
    assert [one.key.type for one in made] == list(kinds)
    with pytest.raises(LogError, match="key_file"):
        signer.make_key_file(path, ORIGIN, kinds, bytes(64))
    assert [one.key for one in signer.read_key_file(path)] == [one.key for one in made]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_can_read_is_refused(tmp_path, mode) -> None:
    path = tmp_path / "k"
    signer.make_key_file(path, ORIGIN, (NOTE_ED25519,), SEEDS)
    path.chmod(mode)
    with pytest.raises(LogError, match="readable by its owner only"):
        signer.read_key_file(path)


GOOD = signer.encode_seed(ORIGIN, NOTE_ED25519, SEEDS[:32])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        GOOD[:-8],
        GOOD.replace("PRIVATE", "PUBLIC"),
        GOOD.replace("release+", "release+00"),
        "é",
        GOOD + "\n-",
    ],
)
def test_a_key_file_of_another_form_is_refused_and_its_text_not_repeated(tmp_path, text) -> None:
    path = tmp_path / "k"
    path.touch(0o600)
    path.write_text(text)
    with pytest.raises(LogError, match="key_file") as failure:
        signer.read_key_file(path)
    assert GOOD[-20:] not in str(failure.value)


def test_a_missing_key_file_is_named(tmp_path) -> None:
    with pytest.raises(LogError, match=r"key_file: .*none: FileNotFoundError"):
        signer.read_key_file(tmp_path / "none")


def test_signatures_are_those_of_the_formats() -> None:
    lines = [signer.signature_of(one, HEAD, NOW) for one in (*LOG, *W1)]
    signed = note.Note(checkpoint.encode(HEAD), tuple(lines))
    note.verify(signed, LOG[0].key)
    for one in (LOG[1], *W1):
        assert cosignature.verify(signed, HEAD, one.key).time == NOW


class SoftToken:
    """A token with one key: what a PKCS#11 module would do behind C_Sign."""

    def __init__(self, inside: signer.SeedSigner) -> None:
        self._inside = inside
        self.asked: list[tuple[str, int]] = []

    def sign(self, label: str, mechanism: int, message: bytes) -> bytes:
        self.asked.append((label, mechanism))
        return self._inside.sign(message)


def test_a_token_signs_by_label_and_mechanism() -> None:
    for inside, mechanism in ((LOG[0], 0x1057), (LOG[1], 0x1D), (W1[0], 0x1057)):
        token = SoftToken(inside)
        line = signer.signature_of(signer.TokenSigner(inside.key, token, "log-2026"), HEAD, NOW)
        assert line.is_by(inside.key)
        assert token.asked == [("log-2026", mechanism)]


def test_a_token_with_another_key_than_configured_is_noticed() -> None:
    with pytest.raises(LogError, match="signer"):
        signer.signature_of(signer.TokenSigner(LOG[0].key, SoftToken(W1[0]), "x"), HEAD, NOW)


def test_the_text_of_a_signer_shows_its_public_half_only() -> None:
    shown = repr(LOG[0])
    assert keys.encode(LOG[0].key).startswith(shown.removeprefix("SeedSigner(").removesuffix("…)"))
    assert "AQEB" not in shown


@pytest.mark.parametrize(
    ("name", "kind", "seed"), [("", 1, bytes(32)), ("a", 9, bytes(32)), ("a", 1, bytes(31)), ("a b", 4, bytes(32))]
)
def test_a_key_without_name_type_or_length_is_refused(name, kind, seed) -> None:
    with pytest.raises(LogError, match="key_file"):
        signer.SeedSigner(name, kind, seed)


def test_cosignature_types_are_told_apart() -> None:
    assert {one.key.type for one in W1} == {COSIGNATURE_ED25519, COSIGNATURE_MLDSA44}
