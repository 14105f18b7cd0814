# Replaces what runs blocks, in a state that is kept: its next run is lost, and a new state begins.
# ends: completed
# with: keep_state=true
import cellblock_guest.inside.entry as entry


def run(request):
    return b"\xc1 forged"


entry.run.__code__ = run.__code__
# ---- then
# ends: error GuestCrashed
# with: keep_state=true
return "never seen"
# ---- then
# ends: completed
# so that: result == "as new"
# with: keep_state=true reset_state=true
return "as new"
