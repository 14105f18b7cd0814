# Raises an error that says it is of another class.
# ends: error Liar


class Liar(Exception):
    @property
    def __class__(self):
        return KeyboardInterrupt

    def __str__(self):
        raise SystemExit("while being shown")


raise Liar
