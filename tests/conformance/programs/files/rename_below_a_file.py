import os

open("b", "w").close()
try:
    outcome = os.rename("b", "b/c")
except OSError as error:
    outcome = f"{type(error).__name__}: {error}"
result = outcome
