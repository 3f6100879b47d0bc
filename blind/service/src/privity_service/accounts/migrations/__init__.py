"""Migrations, oldest first; each runs in one transaction."""
