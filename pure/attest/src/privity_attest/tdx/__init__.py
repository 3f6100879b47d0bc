"""Intel TDX: the kind `tdx`."""
