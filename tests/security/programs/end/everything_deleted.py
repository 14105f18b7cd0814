# Deletes all modules and all builtins.
# ends: completed or error
import builtins, sys

sys.modules.clear()
for name in list(vars(builtins)):
    delattr(builtins, name)
