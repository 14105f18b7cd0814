import html
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from xml.dom import minidom
from xml.sax.saxutils import escape

root = ET.fromstring('<r xmlns:n="urn:n" a="1"><n:item id="x">t&amp;é<b/>tail</n:item><item>2</item><!-- c --></r>')
ET.SubElement(root, "new", {"k": "<&>"}).text = "né"
found = [element.text for element in root.findall(".//{urn:n}item[@id='x']")]


class Collector(HTMLParser):
    seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, attrs))

    def handle_data(self, data):
        self.seen.append(data)


Collector().feed("<p class=a>one<br/>&lt;two&nbsp;<b>three")
ET.indent(root)
result = [ET.tostring(root, encoding="unicode"), ET.tostring(root, encoding="us-ascii"), found, Collector.seen, html.unescape("&eacute;&#x20ac;&amp"), escape("<a>"), minidom.parseString("<a><b>x</b></a>").toprettyxml(indent=" ")]
try:
    ET.fromstring("<a><b></a>")
except ET.ParseError as error:
    result.append((str(error), error.position))
