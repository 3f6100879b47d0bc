"""What each command does; each returns an exit code and is imported only when it runs."""
