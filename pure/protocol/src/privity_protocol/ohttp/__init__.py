"""Oblivious HTTP: what hides the address of a request that a commercial relay carries. Source: specs/ohttp.md.

Nothing here knows EC1, and the enclave loads none of it. It has an HPKE of its own, so that a gateway in the blind
service loads no module that can open the channel (docs/decisions/0021).
"""
