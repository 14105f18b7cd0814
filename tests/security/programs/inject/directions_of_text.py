# Turns the direction of text around, and hides characters.
# ends: completed
# so that: result == stdout
text = "\u202e\u2066\u200b\u200d\ufeff\u0000admin\u2069 \U000e0041\U0001f600\u0301" + "\u0301" * 1000
print(text, end="")
return text
