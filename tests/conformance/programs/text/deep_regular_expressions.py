import re

outcomes = [len(re.match(r"(?:a|b)*", "ab" * 20000).group()), len(re.match(r"(?:(a)|b)*c", "ab" * 20000 + "c").group())]
try:
    outcomes.append(re.compile("(" * 5000 + ")" * 5000).groups)
except (RecursionError, OverflowError, re.PatternError) as error:
    outcomes.append(type(error).__name__)
result = outcomes
