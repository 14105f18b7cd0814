"""Executions: what was asked for, how far it is, what became of it, and who follows it."""
