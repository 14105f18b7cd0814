import functools
import itertools
import operator


@functools.lru_cache(maxsize=2)
def square(n):
    return n * n


@functools.singledispatch
def show(value):
    return f"object {value}"


@show.register
def _(value: int | float):
    return f"number {value}"


@show.register(list)
def _(value):
    return f"list of {len(value)}"


for n in (1, 2, 1, 3, 1, 2):
    square(n)
partial = functools.partial(pow, functools.Placeholder, 2)
groups = [(key, list(items)) for key, items in itertools.groupby("aabbbca")]
result = (
    square.cache_info(), [show(v) for v in (1, 2.5, [1], "x")], partial(5), functools.reduce(operator.mul, range(1, 6), 1), groups,
    list(itertools.batched("abcdefg", 3)), list(itertools.pairwise([1, 4, 9])), list(itertools.accumulate([3, 1, 4], max)), list(itertools.product("ab", repeat=2)), list(itertools.islice(itertools.cycle("xy"), 5)),
    list(itertools.combinations_with_replacement("abc", 2)), list(itertools.zip_longest([1, 2], "a", fillvalue=0)), list(itertools.starmap(pow, [(2, 3)])), operator.attrgetter("real", "imag")(3 + 4j), operator.methodcaller("split", ",")("a,b"), list(itertools.permutations(range(3), 2))[-1],
)
