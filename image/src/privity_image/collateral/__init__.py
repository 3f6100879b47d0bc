"""Vendor collateral beside the evidence: fetched, checked, stored, and watched for its dates."""
