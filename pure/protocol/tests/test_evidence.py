"""The bundle container: properties, limits, and that the writer writes nothing the reader refuses."""

import pytest
from document_vectors import attempt
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_protocol import evidence
from privity_protocol.errors import Malformed

GOOD = evidence.encode(
    {
        "cpu": ("sim-document", b"\0\1\2"),
        "gpu-1": ("nvidia-spdm+cbor", b"a"),
        "gpu-0": ("nvidia-spdm+cbor", b"b"),
        "models": ("models+json", b"{}"),
        "switch-3": ("nvidia-spdm+cbor", b""),
    }
)
ITEMS = st.dictionaries(st.sampled_from(sorted(evidence.LABELS)), st.binary(max_size=50), max_size=6)


@given(ITEMS)
def test_what_is_written_is_read(items) -> None:
    typed = {label: (sorted(evidence.LABELS[label].media_types)[0], data) for label, data in items.items()}
    bundle = evidence.decode(evidence.encode(typed))
    assert {label: (item.media_type, item.data) for label, item in bundle.items.items()} == typed
    assert list(bundle.items) == sorted(items)


@settings(max_examples=300)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_other_content(at, mask) -> None:
    data = bytearray(GOOD)
    data[at] ^= mask
    bundle = attempt(lambda: evidence.decode(bytes(data)))
    if isinstance(bundle, Malformed):
        assert bundle.reason.startswith(("bundle_", "label_", "media_", "indicator", "item_"))
    else:
        assert bundle.items != evidence.decode(GOOD).items


@given(st.binary(max_size=30), st.integers(0, len(GOOD)))
def test_inserted_bytes_give_a_documented_reason(junk, at) -> None:
    bundle = attempt(lambda: evidence.decode(GOOD[:at] + junk + GOOD[at:]))
    if isinstance(bundle, Malformed):
        assert bundle.reason.startswith(("bundle_", "label_", "media_", "indicator", "item_"))
    else:
        assert not junk or bundle.items != evidence.decode(GOOD).items


def test_devices_come_in_bundle_order() -> None:
    labels = [item.label for item in evidence.decode(GOOD).devices()]
    assert labels == ["gpu-0", "gpu-1", "switch-3"]


@pytest.mark.parametrize(
    ("label", "media_type", "size", "reason"),
    [
        ("gpu", "nvidia-spdm+cbor", 0, "label_unknown"),
        ("cpu", "models+json", 0, "media_type"),
        ("node-document", "node-document+json", 4097, "item_too_large"),
        ("b\\d", "x", 0, "label_unknown"),
        ("é", "x", 0, "label_unknown"),
    ],
)
def test_the_writer_refuses_what_the_reader_would(label, media_type, size, reason) -> None:
    with pytest.raises(Malformed, match=reason):
        evidence.encode({label: (media_type, bytes(size))})


def test_the_whole_has_a_limit_of_its_own() -> None:
    full = {f"gpu-{index}": ("nvidia-spdm+cbor", bytes(16_384)) for index in range(16)}
    full |= {f"switch-{index}": ("nvidia-spdm+cbor", bytes(16_384)) for index in range(8)}
    with pytest.raises(Malformed, match="bundle_too_large"):
        evidence.encode(full)


def test_a_bundle_cannot_be_changed_after_it_was_read() -> None:
    with pytest.raises(TypeError):
        evidence.decode(GOOD).items["cpu"] = evidence.Item("cpu", "sim-document", b"")  # type: ignore[index]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ('"cpu":["application/vnd.privity.models+json","AA",4]', "media_type"),
        (
            '"cpu":["application/vnd.privity.tdx-quote","' + "A" * ((32 * 1024 * 8 + 5) // 6 + 1) + '",4]',
            "item_too_large",
        ),
    ],
    ids=["type of another label", "one character too many"],
)
def test_the_reader_alone_refuses_what_the_writer_would_not_write(item, reason) -> None:
    data = '{"__cmwc_t":"tag:privity.invalid,2026:evidence-bundle#1",' + item + "}"
    with pytest.raises(Malformed) as caught:
        evidence.decode(data.encode())
    assert caught.value.reason == reason
