"""What a client knows of a server's public logs, and what it therefore accepts of its nodes. Source: specs/trust.md."""
