# Makes folders in folders, and walks them by long paths.
# ends: error OSError
import os

while True:
    os.mkdir("d" * 255)
    os.chdir("d" * 255)
