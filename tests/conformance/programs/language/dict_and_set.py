counts = {}
for letter in "mississippi":
    counts[letter] = counts.get(letter, 0) + 1
first = counts.pop("m")
counts["m"] = first
other = {"s": 0, "z": 1} | counts
views = (counts.keys() & other.keys()) - {"p"}
problems = []
try:
    for key in counts:
        counts[key + "!"] = 1
except RuntimeError as error:
    problems.append(str(error))
numbers = {1: "int", 1.0: "float", True: "bool"}
small = {frozenset({1, 2}): "pair", (): "empty"}
result = (counts, other, sorted(views), problems, numbers, small[frozenset([2, 1])], list(reversed(other)), {3, 1, 2} ^ {2, 5}, {*range(10)} >= {9})
