"""What a person takes away: the listing and manifest of an archive, and its encryption. Source: specs/export.md."""
