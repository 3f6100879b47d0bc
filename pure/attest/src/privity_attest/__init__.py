"""Judges evidence; never inside the enclave."""
