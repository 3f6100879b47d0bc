"""What is inside sealed objects: closed schemas of kinds 1 to 13. Source: specs/contents.md."""
