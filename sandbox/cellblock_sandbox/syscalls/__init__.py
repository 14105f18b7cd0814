"""What the guest imports from its host, one file per family of calls; see registry.py for how a call is written."""
