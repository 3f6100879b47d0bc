"""Vouchers: paid time as signed codes that people can type. Knows no account, database or clock."""
