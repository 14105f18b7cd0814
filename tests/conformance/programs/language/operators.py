class Money:
    def __init__(self, amount):
        self.amount = amount

    def __add__(self, other):
        return Money(self.amount + other.amount) if isinstance(other, Money) else NotImplemented

    def __radd__(self, other):
        return self if other == 0 else NotImplemented

    def __matmul__(self, rate):
        return Money(self.amount * rate)

    def __eq__(self, other):
        return self.amount == other.amount

    def __lt__(self, other):
        return self.amount < other.amount

    def __index__(self):
        return self.amount

    def __format__(self, spec):
        return f"${self.amount:{spec or '.2f'}}"

    def __bool__(self):
        return self.amount > 0


a, b = Money(3), Money(4)
try:
    a + 1
except TypeError as error:
    problem = str(error)
try:
    hash(a)
except TypeError as error:
    problem += "; " + str(error)
result = (f"{sum([a, b])} {a @ 2:.0f}", a < b, a > b, max(a, b).amount, "abcdefgh"[a:b], hex(b), bool(Money(0)), problem)
