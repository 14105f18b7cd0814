# Raises an error whose name and message are HTML.
# ends: error
# so that: error["message"] == "<img src=x onerror=alert(1)>" and error["type"] == "<script>alert(1)</script>"
raise type("<script>alert(1)</script>", (Exception,), {})("<img src=x onerror=alert(1)>")
