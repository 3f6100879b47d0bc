"""Stand-ins for tests of this client and of programs built on it: a node that speaks the real channel."""
