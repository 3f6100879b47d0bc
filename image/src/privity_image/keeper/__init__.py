"""The keeper: verifies nodes, endorses them, lists them in the log, posts it all. Source: specs/keeper.md."""
