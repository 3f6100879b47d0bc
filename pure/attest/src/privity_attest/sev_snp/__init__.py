"""AMD SEV-SNP: attestation reports signed by a chip's own key (VCEK) or by a key loaded for a cloud (VLEK)."""
