# Is a program whose text is what breaks parsers.
# ends: error MemoryError or error SyntaxError or error RecursionError
x = eval("(" * 100_000 + ")" * 100_000)
