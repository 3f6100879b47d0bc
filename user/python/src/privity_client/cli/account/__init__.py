"""The commands of an account and its history: what is asked and shown; what is done is in `privity_client.history`."""
