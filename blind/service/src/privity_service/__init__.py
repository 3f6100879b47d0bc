"""The blind service: forwards ciphertext and serves public files."""
