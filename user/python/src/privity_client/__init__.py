"""Privity on the user's device: SDK and command line."""
