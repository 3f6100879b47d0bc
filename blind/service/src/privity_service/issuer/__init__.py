"""Issues tokens without seeing them: keys by plan and day, and blind signatures. Knows no account."""
