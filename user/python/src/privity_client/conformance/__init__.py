"""Runs the cases of vector folders; shared with the TypeScript runner by layout, not by code."""
