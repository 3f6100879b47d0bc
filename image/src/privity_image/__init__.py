"""The operator's tools around an enclave image. They never enter the enclave, the blind service or a client.

`collateral` fetches what vendors publish about genuine hardware and stores it beside the evidence; `reference_values`
computes or verifies what a release may measure. Nothing here is believed by a client: clients check signatures, dates
and the transparency log themselves.
"""
