"""Arm CCA tokens: a realm's measurements under a key that the platform vouches for."""
