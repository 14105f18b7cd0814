import numpy as np

rng = np.random.default_rng(11)
x = rng.uniform(-20, 20, 4097)
sums = {}
for dtype in ("f4", "f8"):
    values = x.astype(dtype)
    positive = np.abs(values) + values.dtype.type(0.01)
    for name in ("exp", "log", "sin", "cos", "tan", "sqrt", "arctan", "tanh", "log2", "log10", "cbrt", "exp2", "arcsinh"):
        made = getattr(np, name)(positive if name.startswith(("log", "sqrt")) else values)
        sums[dtype, name] = float(made.sum(dtype="f8")).hex()
dots = [float(x @ x).hex(), float(x.astype("f4") @ x.astype("f4")).hex(), float(np.std(x)).hex(), float(np.power(np.abs(x), 1.7).sum()).hex(), float(x.mean(dtype="f4")).hex()]
result = (sums, dots)
