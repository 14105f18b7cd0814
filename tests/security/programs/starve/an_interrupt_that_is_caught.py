# Catches the interrupt and goes on, again and again.
# ends: timeout TimeoutError
# so that: "did not stop when asked to" in error["message"]
# with: timeout_s=0.5
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
