"""Checks that are the same for every kind, one module per group of stages."""
