import string

specs = ["", "d", "n", "x", "#b", "+,d", "_d", "010", "<10|", "^+10", "e", ".3g", "%", "c", "s", "z.1f", "=+8", "08.2f", ".0f", "#.3g", ".10_f"]
outcomes = []
for value in (42, -1234567, 3.14159, -0.04, 1e21, True):
    for spec in specs:
        try:
            outcomes.append(format(value, spec))
        except (ValueError, OverflowError) as error:
            outcomes.append(str(error))
template = string.Template("$name owes $$${amount} to ${who}")
outcomes += [template.safe_substitute(name="Ann", amount=5), string.capwords("the end of it"), string.Formatter().vformat("{0!r:>5}{k[0]}", ("a",), {"k": [7]}), "{:{w}.{p}f}".format(2.5, w=8, p=3), "{a.__class__.__name__}".format(a=1)]
result = outcomes
