# Aborts.
# ends: error GuestCrashed
import os

os.abort()
