from string.templatelib import Interpolation, Template

name, amount = "World", 3.14159
template = t"Hello {name!r}, {amount:.2f} and {amount + 1 = }!"
parts = [part if isinstance(part, str) else (part.value, part.expression, part.conversion, part.format_spec) for part in template]
joined = template + t" {name}"
result = (template.strings, parts, template.values, len(joined.interpolations), type(template) is Template, Interpolation(1, "x"))
