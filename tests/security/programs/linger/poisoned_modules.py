# Puts its own modules in place of others, in a state that is kept, for its next run and for everybody's.
# ends: error TypeError
# with: keep_state=true
import builtins, json, sys, types

fake = types.ModuleType("numpy")
fake.ones = lambda *_: "poisoned"
sys.modules["numpy"] = sys.modules["json"] = sys.modules["pandas"] = fake
builtins.sum = lambda *_: "poisoned"
# ---- then
# ends: error AttributeError
# with: keep_state=true
import json

return [json.loads("true"), sum([1, 2, 3])]
# ---- then
# ends: completed
# so that: result == [True, 6]
import json, sys

return [json.loads("true"), sum([1, 2, 3])]
# ---- then
# ends: completed
# so that: result == [True, 6]
# with: block="another" keep_state=true
import json

return [json.loads("true"), sum([1, 2, 3])]
# ---- then
# ends: completed
# so that: result == [True, 6]
# with: keep_state=true reset_state=true
import json

return [json.loads("true"), sum([1, 2, 3])]
