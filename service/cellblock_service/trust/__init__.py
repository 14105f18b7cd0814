"""Who may use the service, how much of it, and the trail they leave: tokens, rates, TLS, the audit log."""
