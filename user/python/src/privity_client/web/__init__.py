"""The web client on this machine: the build in the installed package, local mode, checking a server's page."""
