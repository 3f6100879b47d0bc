"""What an operator runs beside a simulated enclave, and no process of an enclave loads: docs/decisions/0021."""
