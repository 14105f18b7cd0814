# Leaves generators and coroutines that don't let themselves be closed.
# ends: completed
# with: timeout_s=0.5


def stubborn():
    while True:
        try:
            yield
        except GeneratorExit:
            pass


kept = [stubborn() for _ in range(10)]
for each in kept:
    next(each)
return 1
