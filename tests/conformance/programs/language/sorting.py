people = [("Ann", 31), ("bob", 25), ("Cid", 31), ("dora", 25)]
import functools
import operator

by_age = sorted(people, key=operator.itemgetter(1), reverse=True)
stable = sorted(sorted(people, key=lambda p: p[0].lower(), reverse=True), key=lambda p: p[1])
compared = sorted(people, key=functools.cmp_to_key(lambda a, b: (a[1] > b[1]) - (a[1] < b[1])))
odd = sorted([3, 1.5, True, -2, 2**70, float("-inf")])
numbers = [5, 2, 8]
try:
    numbers.sort(key=lambda n: numbers.append(n) or n)
except ValueError as error:
    problem = str(error)
result = (by_age, stable, compared, odd, problem, max(people, key=lambda p: p[1]), min([], default="none"), list(zip("ab", range(3))))
try:
    list(zip("ab", range(3), strict=True))
except ValueError as error:
    result += (str(error),)
