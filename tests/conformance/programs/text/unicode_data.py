import unicodedata

text = "é e\u0301 ﬁ Ⅷ ½ \u1e9b\u0323 한 नी 👩‍👩‍👧 ١"
result = [
    unicodedata.unidata_version, [unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD")],
    [(unicodedata.name(c, "?"), unicodedata.category(c), unicodedata.bidirectional(c), unicodedata.east_asian_width(c)) for c in "A한١½\u200d"],
    unicodedata.numeric("½"), unicodedata.digit("²"), unicodedata.decimal("٣"), unicodedata.lookup("GREEK SMALL LETTER ALPHA"),
    "\N{SNOWMAN}", unicodedata.combining("\u0301"), unicodedata.mirrored("("), unicodedata.decomposition("é"), unicodedata.is_normalized("NFC", text),
    [c.isalpha() for c in "ªⅧ_한"], "ß".upper().lower(), sorted("zäÄaZ", key=str.casefold), len("👩‍👩‍👧"), "\U0010ffff".isprintable(),
]
