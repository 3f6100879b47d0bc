"""The simulated kind: an imitation of an enclave under an installation's own development root."""
