"""Which tokens were spent: a process of its own that knows nodes and nullifiers, and no account."""
