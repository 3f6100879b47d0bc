"""`privity-gateway`: Oblivious HTTP at the operator's door, so that commercial relays can hide who asks.

Source: specs/ohttp.md. What it opens is a request of EC1, sealed as ever, or one for a public file.
"""
