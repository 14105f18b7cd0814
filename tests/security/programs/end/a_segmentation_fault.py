# Raises the signal of a segmentation fault.
# ends: error GuestCrashed
import signal

signal.raise_signal(signal.SIGSEGV)
