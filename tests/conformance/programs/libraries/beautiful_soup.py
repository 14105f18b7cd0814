from bs4 import BeautifulSoup

page = "<html><head><title>T &amp; é</title></head><body><p class='a b' id=one>One<br>two<p>Three<table><tr><td>1<td>2</table></body>"
outcomes = []
for parser in ("html.parser", "lxml", "xml", "html5lib"):
    try:
        soup = BeautifulSoup(page, parser)
        outcomes.append((parser, str(soup), [p.get_text("|", strip=True) for p in soup.find_all("p")], [t.text for t in soup.select("td")], soup.title.string))
    except Exception as error:
        outcomes.append((parser, type(error).__name__))
soup = BeautifulSoup(page, "html.parser")
soup.p["class"].append("c")
soup.p.append(soup.new_tag("b", attrs={"x": "1"}))
result = (outcomes, soup.p.prettify(), soup.select_one("p.a#one") is soup.p, soup.find(string="Three"))
