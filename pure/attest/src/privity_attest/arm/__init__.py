"""What PSA and CCA tokens share; no kind of its own."""
