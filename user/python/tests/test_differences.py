"""What changed between two releases, as a person reads it."""

from dataclasses import replace

from privity_attest import release as documents
from privity_attest.testing.bundle import release_leaf
from privity_client.trust.differences import differences
from privity_protocol import canonical

OLD = documents.decode(canonical.encode(release_leaf(b"{}", {0: bytes(48), 1: bytes(48)})))


def test_nothing_changed() -> None:
    assert differences(OLD, replace(OLD, not_before=OLD.not_before + 1)) == ()


def test_each_change_is_a_sentence() -> None:
    other = documents.decode(canonical.encode(release_leaf(b"[]", {0: bytes(48), 1: b"\1" * 48})))
    new = replace(other, version="0.2.0", source="a" * 40, models=(b"\2" * 32, b"\3" * 32), flags=("emergency", "beta"))
    assert differences(OLD, new) == (
        "Version 0.1.0 of privity-local becomes version 0.2.0 of privity-local.",
        "Built from another commit: local becomes aaaaaaaaaaaa.",
        "2 model files added: 020202020202, 030303030303.",
        f"1 model file removed: {OLD.models[0].hex()[:12]}.",
        f"1 allowed configuration added: {other.configuration[0].hex()[:12]}.",
        f"1 allowed configuration removed: {OLD.configuration[0].hex()[:12]}.",
        "Other software is measured on simulated.",
        "It is an emergency release: it may be used before the usual day has passed.",
        "Marked beta.",
    )
    assert "No longer marked beta." in differences(new, OLD)


def test_a_kind_of_hardware_that_comes_or_goes() -> None:
    without = replace(OLD, platforms=replace(OLD.platforms, simulated=None))
    assert differences(OLD, without) == ("Hardware of kind simulated is accepted no more.",)
    assert differences(without, OLD) == ("Hardware of kind simulated is accepted from now on.",)
