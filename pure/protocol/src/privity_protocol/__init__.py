"""Privity's protocols, shared by both ends of the channel."""
