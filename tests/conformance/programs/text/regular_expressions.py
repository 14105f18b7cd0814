import re

text = "2024-02-29T12:30:05 and 1999-1-5; naïve café, Ünïcode_word x²"
date = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d?)-(?P<day>\d\d?)(?:T(?P<time>[\d:]+))?")
result = [
    [m.groupdict() for m in date.finditer(text)], date.sub(r"\g<day>.\g<month>.\1", text), re.split(r"(;)|\s+", "a; b c"),
    re.findall(r"\b\w+\b", text, re.ASCII), re.findall(r"(?i)[à-ü]\w*", text), re.fullmatch(r"(a+)+b", "a" * 15 + "b").span(),
    re.sub(r"(?<=a)b(?!c)", lambda m: m.group().upper(), "ab abc ab"), re.match(r"(?>a+)b", "aaab").group(), re.escape("a.b*[c]"),
    re.findall(r"(?x) \d  # digit\n [a-f]{1,2}+", "1a 2bc 3"), re.search(r"(a)?(?(1)b|c)", "xc").group(), re.subn("", "-", "abc"),
    re.compile(rb"\x80+").search(b"ab\x80\x80").span(), date.groupindex["time"], repr(re.compile("a", re.I | re.S)),
]
for bad in ("(", "[z-a]", "(?P<1>a)", "a**", r"\g", "(?<=a+)b", "(?P=no)"):
    try:
        re.compile(bad)
    except re.PatternError as error:
        result.append((bad, str(error), error.pos))
