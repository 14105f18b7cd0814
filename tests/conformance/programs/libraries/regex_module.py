import regex

text = "Straße, naïve — 한국어 123 x²"
result = [
    regex.findall(r"\p{Letter}+", text), regex.findall(r"\X", "e\u0301👩‍👧x"), regex.search(r"(?b)(?:recieve){e<=2}", "please receive it").fuzzy_counts, regex.sub(r"(?i)strasse", "S", text, flags=regex.FULLCASE), regex.match(r"(?P<a>\w)+", "abc").captures("a"), regex.findall(r"(?r)\d", "1a2b"), regex.fullmatch(r"(\((?:[^()]|(?1))*\))", "(a(b)c)").group(), regex.split(r"(?V1)(?=[A-Z])", "camelCaseText"), regex.findall(r"[[a-z]--[aeiou]]+", "hello", flags=regex.V1), regex.search(r"\b\w{3}+\K\w", "abcd").group(), regex.findall("a.", "aaa", overlapped=True), regex.match(r"(?|(a)|(b))", "b").groups(), regex.search(r"\p{Script=Hangul}+", text).span(), regex.escape("a.b c"), regex.sub("(a)", r"\g<1>\1", "a"),
]
try:
    regex.compile("(")
except regex.error as error:
    result.append(str(error))
