import os

open("a", "w").write("shared")
outcomes = []
try:
    os.link("a", "b")
    outcomes += [os.stat("a").st_nlink, os.path.samefile("a", "b"), open("b").read()]
except OSError as error:
    outcomes.append(f"{type(error).__name__}: {error}")
result = outcomes
