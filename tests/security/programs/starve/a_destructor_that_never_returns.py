# Loops in destructors, where exceptions are swallowed.
# ends: timeout TimeoutError
# with: timeout_s=0.5


class Stubborn:
    def __del__(self):
        Stubborn()
        while True:
            pass


while True:
    Stubborn()
