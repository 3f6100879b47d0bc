"""Conversations that other services export, as chats of this account. Source: specs/importers.md."""
