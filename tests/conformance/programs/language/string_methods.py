text = "The quick\tbrown fox\r\njumps\x0bover\x1cthe\u2028dog"
result = [
    text.splitlines(), text.split(), text.rsplit(None, 2), text.expandtabs(4), text.title(), text.partition("quick"),
    "straße".upper(), "ŐBUDA İ".lower(), "ﬁne".casefold(), "ǆ".capitalize(), "aAbB".swapcase(), "x".zfill(4), "-7".zfill(5),
    "a,b,,c".split(",", 2), "abcabc".replace("b", "X", 1), "mississippi".strip("ipms"), "prefix.name".removeprefix("prefix"),
    "½".isnumeric(), "²".isdigit(), "٣".isdecimal(), "٣".isidentifier(), "int".isidentifier(), "\u00a0".isspace(), "".isascii(),
    "abc".translate({97: "A", 98: None, 99: 100}), str.maketrans("ab", "xy", "z"), "a\n\x7f\u200b\U0001f600é", ascii("é\U0001f600"),
    "%5.1f|%-6s|%+d|%x|%r|%%|%c|%08.3e" % (3.14159, "ab", 5, 255, "q", "z", 12345.678), "{0[a]} {1.real} {:>{}}".format,
][:-1]
