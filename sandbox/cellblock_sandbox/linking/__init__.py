"""From many modules to one, at build time."""
