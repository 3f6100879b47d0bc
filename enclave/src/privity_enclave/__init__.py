"""The only place off the user's machine where plaintext exists."""
