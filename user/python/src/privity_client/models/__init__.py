"""Models on this machine: the pinned catalogue, the shelf of files, and pulling with a digest check."""
