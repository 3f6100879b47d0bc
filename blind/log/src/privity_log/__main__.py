"""`python -m privity_log` is the command `privity-log`."""

from privity_log.cli import main

main()
