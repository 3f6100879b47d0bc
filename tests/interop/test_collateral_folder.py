"""What the operator's fetcher stores is what the node puts into a bundle, and a bundle reader takes it."""

from privity_enclave.hardware import collateral
from privity_image.collateral.item import Item, Period
from privity_image.collateral.store import Folder
from privity_protocol import evidence


def test_the_node_reads_what_the_fetcher_stored(tmp_path) -> None:
    folder = Folder(tmp_path)
    items = {label: label.encode() for label in collateral.STORED}
    with folder.exclusive():
        for label, data in items.items():
            folder.put(Item(label, data, (Period(label, 1, 2),)), now=1)
        folder.put(Item("rims/driver.xml", b"<xml/>", ()), now=1)
    found = collateral.read(tmp_path)
    assert {label: data for label, (_, data) in found.items()} == items
    assert evidence.decode(evidence.encode(found)).items.keys() == items.keys()
