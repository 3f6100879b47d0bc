"""A fake development root and a builder of complete simulated bundles. Imported by tests only."""
