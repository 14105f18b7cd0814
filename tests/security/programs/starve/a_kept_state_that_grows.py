# Keeps state, and lets it grow with every run.
# ends: completed
# with: keep_state=true
kept = [bytearray(20_000_000)]
# ---- then
# ends: completed
# with: keep_state=true
for _ in range(3):
    kept.append(bytearray(20_000_000))
# ---- then
# ends: error MemoryError
# with: keep_state=true
while True:
    kept.append(bytearray(20_000_000))
