import numpy as np

rng = np.random.default_rng(12345)
old = np.random.RandomState(42)
result = [
    rng.random(3).tolist(), rng.integers(0, 2**40, 3).tolist(), rng.normal(size=3).tolist(), rng.choice(10, 4, replace=False).tolist(), rng.permutation(6).tolist(), rng.poisson(5.0, 4).tolist(), rng.gamma(2.0, size=2).tolist(), rng.binomial(20, 0.3, 4).tolist(), rng.beta(0.5, 2), rng.multivariate_normal([0, 1], np.eye(2)).tolist(), rng.dirichlet([1, 2, 3]).tolist(), rng.bytes(4), rng.standard_t(3), rng.exponential(dtype_free := 2.0), rng.hypergeometric(5, 10, 7), rng.multinomial(10, [0.2, 0.8]).tolist(), rng.zipf(2.0), rng.random(2, dtype="f4").tolist(),
    old.rand(2).tolist(), old.randn(2).tolist(), old.randint(0, 100, 4).tolist(), old.choice(["a", "b"], 3, p=[0.1, 0.9]).tolist(), [np.random.Generator(kind(9)).integers(10**9) for kind in (np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64)], np.random.SeedSequence(3).spawn(2)[1].generate_state(2).tolist(),
]
