# Names ten modules that don't exist, which the host looks up before the run, and five hundred that the block looks up.
# ends: completed
# so that: result == 501
# with: timeout_s=20
missing = 0
try:
    import nowhere_0, nowhere_1, nowhere_2, nowhere_3, nowhere_4, nowhere_5, nowhere_6, nowhere_7, nowhere_8, nowhere_9
except ModuleNotFoundError:
    missing += 1
for number in range(10, 510):
    try:
        __import__(f"nowhere_{number}")
    except ModuleNotFoundError:
        missing += 1
return missing
