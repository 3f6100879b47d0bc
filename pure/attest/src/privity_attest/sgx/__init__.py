"""Intel SGX: the kind `sgx`."""
