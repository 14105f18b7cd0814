# Reads memory far beyond its own.
# ends: error GuestCrashed
import ctypes

ctypes.string_at(0xFFFFFFF0, 100)
