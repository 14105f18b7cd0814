"""Hostile programs and faults against the real service, and what must come of each."""
