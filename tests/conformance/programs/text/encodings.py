import codecs

text = "Grüße, 世界! €"
outcomes = []
for name in ("utf-8", "utf-8-sig", "utf-16", "utf-32-be", "latin-1", "cp1252", "shift_jis", "gb18030", "big5", "euc_kr", "iso2022_jp", "koi8-r", "utf-7", "punycode", "idna", "cp437", "mac_roman", "hz"):
    try:
        outcomes.append((name, text.encode(name).hex()))
    except UnicodeError as error:
        outcomes.append((name, str(error)))
for errors in ("ignore", "replace", "xmlcharrefreplace", "backslashreplace", "namereplace"):
    outcomes.append(text.encode("ascii", errors))
broken = b"ok\xffab\xc3\xe2\x82end"
outcomes += [broken.decode(errors=e) for e in ("replace", "ignore", "backslashreplace")] + [ascii(broken.decode(errors="surrogateescape"))]
decoder = codecs.getincrementaldecoder("utf-8")()
outcomes += [[decoder.decode(bytes([b])) for b in "é€".encode()], codecs.lookup("L1").name, codecs.encode("abc", "rot13"), codecs.decode(b"YWJj", "base64")]
result = outcomes
