"""Asking through a relay that somebody else runs, so that the operator does not see who asks.

Source: specs/relay-forwarder.md. A relay is believed in nothing: what goes through it is verified as ever.
"""
