# Closes and replaces the standard descriptors in a kept state.
# ends: completed
# with: keep_state=true
import os

for number in (0, 1, 2):
    os.close(number)
for _ in range(3):
    os.open("/dev/null", os.O_RDWR)
# ---- then
# ends: completed
# with: keep_state=true
print("into nothing")
# ---- then
# ends: completed
# so that: stdout == "heard\n"
print("heard")
