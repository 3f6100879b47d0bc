"""Accounts: access, and everything at rest that the service keeps without being able to read it."""
