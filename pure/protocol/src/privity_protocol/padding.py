"""Padding of requests: Padmé over whole records. Source: specs/padding.md."""

from privity_protocol.errors import LimitExceeded
from privity_protocol.limits import MAX_REQUEST_RECORDS, REQUEST_CAPACITY


def padme(length: int) -> int:
    """Return the padded length (same unit): at most 12 % more, and O(log log length) bits of the length remain visible.

    Source: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", 2019.
    """
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    low_bits = exponent - exponent.bit_length()
    mask = (1 << low_bits) - 1
    return (length + mask) & ~mask


def request_records(length: int) -> int:
    """Return the number of records of a request with `length` application bytes.

    Raises LimitExceeded `too_large` beyond the records that a node accepts.
    """
    records = padme(max(2, -(-length // REQUEST_CAPACITY)))
    if records > MAX_REQUEST_RECORDS:
        raise LimitExceeded("too_large", f"{length} bytes need {records} records, at most {MAX_REQUEST_RECORDS}")
    return records
