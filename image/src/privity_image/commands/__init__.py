"""What the commands do: files in, files and lines out, exit codes as `cli` lists them."""
