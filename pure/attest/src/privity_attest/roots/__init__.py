"""Pins of the vendors' roots; the certificates themselves travel in the bundle."""
