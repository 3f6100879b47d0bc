"""Privity on the user's device: find a node, judge its evidence, talk to it, and the command line around that."""
