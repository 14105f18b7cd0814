# Is a fork bomb.
# ends: error OSError
import os

while True:
    os.fork()
