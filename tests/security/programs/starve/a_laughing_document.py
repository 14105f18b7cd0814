# Parses a document whose entities unfold without end.
# ends: error ParseError or error MemoryError or timeout
import xml.etree.ElementTree as tree

entities = '<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
tree.fromstring(f"<!DOCTYPE l [{entities}]><l>&a11;</l>")
