"""Pays for requests with tokens that nobody can tie to an account. Source: specs/wallet.md."""
