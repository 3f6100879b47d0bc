"""`python -m privity_image` is the command `privity-release`, as roles are started."""

from privity_image.cli_release import main

main()
