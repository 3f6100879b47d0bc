"""An account's history at rest: who can open it, how it is sealed, how a client sees that all of it is there."""
