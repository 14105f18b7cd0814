# Raises the interrupt that the host would raise.
# ends: error KeyboardInterrupt
raise KeyboardInterrupt
