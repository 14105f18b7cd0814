# Exits by libc.
# ends: error SystemExit or error GuestCrashed
import ctypes

ctypes.CDLL(None).exit(0)
