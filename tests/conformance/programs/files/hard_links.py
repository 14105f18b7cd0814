import os

open("a", "w").write("shared")
outcomes = [hasattr(os, "link")]
try:
    os.link("a", "b")
    outcomes += [os.stat("a").st_nlink, os.path.samefile("a", "b"), open("b").read()]
except (OSError, AttributeError) as error:
    outcomes.append(f"{type(error).__name__}: {error}")
result = outcomes
