"""Which image a block runs in: the catalogue of what is there, and the process that builds what isn't."""
