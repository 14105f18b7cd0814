# Kills itself.
# ends: error SystemExit or error GuestCrashed
import os

os.kill(os.getpid(), 9)
