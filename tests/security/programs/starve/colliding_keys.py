# Fills a dictionary with keys of the same hash.
# ends: timeout TimeoutError
# with: timeout_s=0.5


class Key:
    def __hash__(self):
        return 1


{Key(): None for _ in range(10**6)}
