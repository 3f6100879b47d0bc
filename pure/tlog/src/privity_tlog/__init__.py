"""Merkle proofs, signed notes, checkpoints, cosignatures, tiles. Import the modules: one per specification."""
