"""What the blind service reads of an account's history: pages, public keyrings, headers of objects. No key is here."""
