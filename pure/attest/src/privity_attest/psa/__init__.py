"""PSA tokens: firmware of a TrustZone device, not the memory of a large model."""
