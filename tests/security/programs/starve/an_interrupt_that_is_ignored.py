# Ignores the signal of the interrupt, and replaces its handler.
# ends: timeout TimeoutError
# with: timeout_s=0.5
import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGINT, lambda *_: None)
while True:
    pass
