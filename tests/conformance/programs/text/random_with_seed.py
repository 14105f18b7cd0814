import random

rng = random.Random(42)
result = [
    [rng.random() for _ in range(3)], rng.randint(1, 10**12), rng.getrandbits(100), rng.uniform(-1, 1), rng.gauss(0, 1), rng.normalvariate(), rng.choice("abcdef"),
    rng.choices(range(5), [1, 2, 3, 4, 5], k=6), rng.sample(range(100), 5), rng.expovariate(2), rng.betavariate(1, 2), rng.triangular(0, 1, 0.3), rng.randbytes(5),
    random.Random("text").random(), random.Random(b"bytes").random(), random.Random(1.5).random(), rng.binomialvariate(20, 0.3), rng.vonmisesvariate(0, 4),
]
deck = list(range(8))
rng.shuffle(deck)
state = rng.getstate()
again = [rng.random(), (rng.setstate(state), rng.random())[1]]
result += [deck, again[0] == again[1]]
