"""`privity-relay`: the relay that somebody else runs, so that the operator of the enclaves never sees who asks.

Source: specs/relay-forwarder.md. It holds no key and no account, and loads no code that knows of either.
"""
