import base64
import datetime

import charset_normalizer
import dateutil.parser
import dateutil.relativedelta
import dateutil.rrule
import idna
import mpmath
import pytz
import requests
import six
import typing_extensions

mpmath.mp.dps = 30
request = requests.Request("GET", "http://example.org/a b", params={"q": ["é", "1 2"]}).prepare()
rule = dateutil.rrule.rrulestr("FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", dtstart=datetime.datetime(2024, 1, 1))
result = [str(mpmath.zeta(3)), str(mpmath.quad(mpmath.sin, [0, mpmath.pi])), str(mpmath.findroot(lambda x: x**2 - 2, 1)), request.url, idna.encode("bücher.example"), dateutil.parser.parse("29 Feb 2024 3:05pm"), datetime.date(2024, 1, 31) + dateutil.relativedelta.relativedelta(months=1), [str(d.date()) for d in rule], pytz.timezone("Europe/Berlin").localize(datetime.datetime(2024, 7, 1)).isoformat(), charset_normalizer.from_bytes("Größe und Übermut, schöne Grüße".encode("latin-1")).best() is not None, six.PY3, typing_extensions.get_overloads(print)]
try:
    requests.get("http://192.0.2.1", timeout=0.1)
except requests.RequestException:
    result.append("refused")
