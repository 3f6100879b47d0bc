"""Whatever the bytes, a reader of images gives its documented error or an answer, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_eif import eif as enclave_image
from image_firmware import firmware
from image_pe import image
from image_rim import manifest, signers
from privity_image.errors import Failed
from privity_image.reference_values import boot, eif, pe, rim, tdvf

READERS = {
    "pe": (lambda data: pe.authenticode(data), image({".linux": b"k" * 100, ".cmdline": b"quiet"})),
    "uki": (lambda data: boot.unified(data, b""), image({".linux": image({".text": b"x"}), ".cmdline": b"quiet"})),
    "tdvf": (lambda data: tdvf.mrtd(data, tdvf.Order.PAGE), firmware()),
    "eif": (eif.pcrs, enclave_image()),
    "rim": (lambda data: rim.verify(data, pins=signers()[-1].pins), manifest()),
}
EDGES = [0, 1, 0x7F, 0x80, 0xFF]


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_changed_bytes_give_an_answer_or_the_documented_error(kind, data) -> None:
    read, good = READERS[kind]
    changed = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.sampled_from(EDGES))
    cut = data.draw(st.integers(0, len(good)) | st.just(len(good)))
    try:
        read(bytes(changed[:cut]))
    except (Failed, rim.RimRefused):
        return


@pytest.mark.parametrize("kind", READERS)
@given(data=st.binary(max_size=600))
def test_arbitrary_bytes_are_refused(kind, data) -> None:
    with pytest.raises((Failed, rim.RimRefused)):
        READERS[kind][0](data)
