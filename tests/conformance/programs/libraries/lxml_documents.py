from lxml import etree, html

root = etree.fromstring(b'<?xml version="1.0" encoding="iso-8859-1"?><r xmlns:n="urn:n"><n:a id="1">t\xe9xt<b/>tail</n:a><a id="2"><![CDATA[<raw>]]></a><!-- c --><?pi x?></r>')
style = etree.XSLT(etree.XML('<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><out><xsl:for-each select="//a"><i><xsl:value-of select="@id"/></i></xsl:for-each></out></xsl:template></xsl:stylesheet>'))
schema = etree.XMLSchema(etree.XML('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="n" type="xs:integer"/></xs:schema>'))
page = html.fromstring("<div><p class='x y'>One<p>Two &eacute; <a href='/l'>link</a></div>")
page.make_links_absolute("http://example.org")
problems = []
for action in (lambda: etree.fromstring("<a><b></a>"), lambda: root.xpath("//a["), lambda: schema.assertValid(etree.XML("<n>x</n>")), lambda: etree.parse("none.xml"), lambda: etree.fromstring("")):
    try:
        problems.append(action())
    except (etree.LxmlError, SyntaxError, OSError) as error:
        problems.append(f"{type(error).__name__}: {error}")
result = [etree.tostring(root, encoding="unicode"), etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="ascii"), root.xpath("//n:a/text()", namespaces={"n": "urn:n"}), root.xpath("count(//@id)"), str(style(root)), schema.validate(etree.XML("<n>5</n>")), page.cssselect("p") if False else [p.text_content() for p in page.iter("p")], page.xpath("//a/@href"), html.tostring(page), [e.tag for e in root.iterchildren("*")], [(ev, el.tag) for ev, el in etree.iterparse(__import__("io").BytesIO(b"<a><b/></a>"), events=("start", "end"))], problems, etree.LIBXML_VERSION]
