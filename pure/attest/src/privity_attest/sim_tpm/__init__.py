"""A measured boot quoted by a TPM: it shows what was started and isolates nothing, so the kind is a simulated one."""
