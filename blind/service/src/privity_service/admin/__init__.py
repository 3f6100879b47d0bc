"""The operator's commands: plans, limits, invitations, deletion, and counts. Nothing here can show content."""
