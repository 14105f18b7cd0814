import json
import math

data = {"text": "é\n\"\\\u2028😀", "numbers": [1, -0.0, 1e100, 2**70, 0.1, 1e-7], "nested": {"empty": {}, "none": None, "flag": True}, 5: "int key", None: 0, 1.5: [], "nan": math.nan}
text = json.dumps(data)
back = json.loads(text)
result = [
    text, json.dumps(data["nested"], indent=2, sort_keys=True), json.dumps(data["text"], ensure_ascii=False), json.dumps([1, {"a": 2}], separators=(",", ":")), back["numbers"],
    json.loads('{"a": 1, "a": 2}', object_pairs_hook=list), json.loads("[1.10, 1e3]", parse_float=str), json.dumps({1, 2}, default=sorted), json.loads('"\\ud83d\\ude00"'), json.loads(b"\xef\xbb\xbf[1]".decode("utf-8-sig")),
]
for bad in ('{"a": 1,}', "[1 2]", '"abc', "nul", "", "[1]x", '{"a" 1}', "\ufeff[]", '["\t"]'):
    try:
        result.append(json.loads(bad))
    except json.JSONDecodeError as error:
        result.append(str(error))
for bad in (object, {(1,): 2}, [math.inf]):
    try:
        result.append(json.dumps(bad, allow_nan=False))
    except (TypeError, ValueError) as error:
        result.append((str(error), getattr(error, "__notes__", None)))
