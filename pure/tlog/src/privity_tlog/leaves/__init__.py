"""What the logs hold besides releases and directories: one module per kind of leaf. Source: specs/leaves.md."""
