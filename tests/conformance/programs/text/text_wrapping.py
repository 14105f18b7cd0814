import difflib
import pprint
import reprlib
import textwrap

text = "The quick brown fox — jumps over the extraordinarily-lazy dog.  It sleeps."
data = {"numbers": list(range(30)), "nested": {"key " + str(n): ("value", n) for n in range(4)}, "long": "word " * 25}
pprint.pp(data, width=60)
print("\n".join(difflib.unified_diff("one two three".split(), "one three four".split(), "a", "b", lineterm="")))
result = [textwrap.fill(text, 24, initial_indent="* ", subsequent_indent="  "), textwrap.dedent("  a\n    b\n"), textwrap.shorten(text, 30), textwrap.indent("a\n\nb", "> "), reprlib.repr(list(range(100))), difflib.get_close_matches("appel", ["ape", "apple", "peach"]), round(difflib.SequenceMatcher(None, "abcd", "bcde").ratio(), 3), list(difflib.ndiff(["a"], ["b"]))]
