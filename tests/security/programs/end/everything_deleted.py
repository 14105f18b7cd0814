# Deletes all modules and all builtins.
# ends: error GuestCrashed
import builtins, sys

sys.modules.clear()
for name in list(vars(builtins)):
    delattr(builtins, name)
