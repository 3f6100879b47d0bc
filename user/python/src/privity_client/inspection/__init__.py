"""What a file of evidence is and says, for `privity inspect`: recognised by its bytes, read by the verifier itself."""
