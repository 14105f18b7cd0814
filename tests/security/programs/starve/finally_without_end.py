# Goes on for ever in what is meant for tidying up.
# ends: timeout TimeoutError
# with: timeout_s=0.5
try:
    while True:
        pass
finally:
    while True:
        try:
            while True:
                pass
        finally:
            continue
