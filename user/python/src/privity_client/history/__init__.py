"""An account on this device: who may open it, its history as ciphertext, and what of the service's word is believed."""
