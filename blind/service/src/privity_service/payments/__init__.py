"""Payment providers behind one interface. Knows no account: a provider hears a reference that means nothing to it."""
