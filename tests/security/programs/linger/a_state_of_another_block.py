# Looks into the kept state of another block.
# ends: completed
# with: keep_state=true block="victim"
import builtins

builtins.hidden = hidden = "the victim's"
# ---- then
# ends: completed
# so that: result == [False, False]
# with: keep_state=true block="thief"
import builtins

return ["hidden" in globals(), hasattr(builtins, "hidden")]
# ---- then
# ends: completed
# so that: result == "the victim's"
# with: keep_state=true block="victim"
return hidden
