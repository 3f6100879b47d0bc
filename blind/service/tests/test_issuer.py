"""The issuer: what it signs is a token, what it refuses, what its key files survive."""

import os
from pathlib import Path
from secrets import token_bytes

import pytest
from gmpy2 import mpz
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_protocol import token, token_request
from privity_protocol.errors import Malformed
from privity_service.issuer import signing
from privity_service.issuer.keys import DAY_S, MARGIN_S, IssuerKeys, KeyFileUnfit
from privity_service.issuer.signing import SigningFault, SigningKey

CHALLENGE = token.challenge("accounts.example", "run.example")
DAY = 20_000
NOON = DAY * DAY_S + DAY_S // 2
SECRET = SigningKey.generate()


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey.decode(SECRET)


def test_what_it_signs_is_a_token(key: SigningKey) -> None:
    pending, request = token_request.begin(key.public, CHALLENGE, token_bytes)
    blinded = token.decode_request(request, key.public)
    assert key.sign(blinded) == key.sign(blinded)
    token.check(pending.finish(key.sign(blinded)), key.public)


@settings(max_examples=20)
@given(st.integers(0, 2**2048 - 1))
def test_any_number_below_the_modulus_is_signed_rightly(key: SigningKey, number: int) -> None:
    if number >= key.public.n:
        with pytest.raises(Malformed):
            key.sign(number.to_bytes(256))
    else:
        signature = int.from_bytes(key.sign(number.to_bytes(256)))
        assert pow(signature, token.EXPONENT, key.public.n) == number


@pytest.mark.parametrize("size", [0, 255, 257])
def test_another_size_is_refused(key: SigningKey, size: int) -> None:
    with pytest.raises(Malformed, match="size"):
        key.sign(bytes(size))


def test_a_wrong_result_leaves_the_issuer_for_nobody(key: SigningKey, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in one half would give away a factor of the modulus."""
    computed = signing.powmod_sec
    monkeypatch.setattr(signing, "powmod_sec", lambda base, e, m: computed(base, e, m) ^ int(m == key._p))
    with pytest.raises(SigningFault):
        key.sign((5).to_bytes(256))


def test_what_the_secret_exponents_meet_is_blinded(key: SigningKey, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    computed = signing.powmod_sec

    def watched(base: mpz, exponent: mpz, modulus: mpz) -> mpz:
        seen.append(int(base))
        return computed(base, exponent, modulus)

    monkeypatch.setattr(signing, "powmod_sec", watched)
    key.sign((5).to_bytes(256))
    key.sign((5).to_bytes(256))
    assert len(set(seen)) == 4
    assert 5 not in seen


def test_a_key_shows_nothing_of_itself(key: SigningKey) -> None:
    assert repr(key) == "SigningKey(secret)"


def test_keys_are_made_ahead_kept_and_erased(tmp_path: Path) -> None:
    keys = IssuerKeys(tmp_path / "issuer", ("free",))
    assert keys.prepare(NOON) == 4
    first = keys.listed(NOON)
    assert [one.day for one in first] == [DAY, DAY + 1, DAY + 2, DAY + 3]
    assert [(one.nbf, one.exp) for one in first[:1]] == [(DAY * DAY_S - MARGIN_S, (DAY + 1) * DAY_S + MARGIN_S)]
    assert keys.prepare(NOON) == 0
    assert keys.prepare(NOON + DAY_S, most=1) == 1
    again = IssuerKeys(tmp_path / "issuer", ("free",))
    again.prepare(NOON + DAY_S)
    shown = [one.signing.public.spki for one in again.listed(NOON)]
    assert shown[:4] == [one.signing.public.spki for one in first]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "issuer").iterdir()} == {0o600}
    again.prepare(NOON + 2 * DAY_S)
    left = sorted(path.name for path in (tmp_path / "issuer").iterdir())
    assert left[0] == first[1].plan + "-" + first[1].date + ".key"
    assert len(left) == 5


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (DAY * DAY_S - MARGIN_S - 1, False),
        (DAY * DAY_S - MARGIN_S, True),
        (DAY * DAY_S, True),
        ((DAY + 1) * DAY_S - 1, True),
        ((DAY + 1) * DAY_S, False),
    ],
)
def test_a_day_can_be_drawn_from_six_hours_before_it_until_its_end(tmp_path: Path, at: int, found: bool) -> None:
    keys = IssuerKeys(tmp_path, ("free",))
    keys.prepare(NOON, most=1)
    day = keys.listed(NOON)[0].date
    assert (keys.find("free", day, at) is not None) is found
    assert keys.find("paid", day, at) is None


def test_a_key_of_another_process_is_taken_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both find no file; the other's link comes first."""
    other = IssuerKeys(tmp_path, ("free",))
    ours = IssuerKeys(tmp_path, ("free",))
    linked = os.link

    def later(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "link", linked)
        other.prepare(NOON, most=1)
        linked(source, target)

    monkeypatch.setattr(os, "link", later)
    ours.prepare(NOON, most=1)
    assert ours.listed(NOON)[0].signing.public == other.listed(NOON)[0].signing.public
    assert [path.suffix for path in tmp_path.iterdir()] == [".key"]


@pytest.mark.parametrize("fault", ["short", "readable by others", "empty"])
def test_an_unfit_file_stops_it(tmp_path: Path, fault: str) -> None:
    keys = IssuerKeys(tmp_path, ("free",))
    keys.prepare(NOON, most=1)
    (path,) = tmp_path.iterdir()
    if fault == "readable by others":
        path.chmod(0o644)
    else:
        path.write_bytes(b"" if fault == "empty" else path.read_bytes()[:-1])
    with pytest.raises(KeyFileUnfit):
        IssuerKeys(tmp_path, ("free",)).prepare(NOON, most=1)
