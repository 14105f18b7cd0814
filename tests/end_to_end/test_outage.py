"""A service that goes down and comes back, seen from a web page that a flow serves.

The flow is `http in -> Code Block -> http response`, so it also shows that `msg.req` and `msg.res`, which can't
travel to Python, are there again afterwards.
"""

import json

from .conftest import get

CODE = """
name = msg["payload"]["name"]
return {"payload": f"Hello {name}", "headers": {"x-block": "yes"}}
"""

FLOW = [
    {"id": "tab", "type": "tab", "label": "Web"},
    {"id": "svc", "type": "cellblock-service", "name": "", "url": ""},
    {"id": "in", "type": "http in", "z": "tab", "url": "/hello", "method": "post", "wires": [["block"]]},
    {"id": "block", "type": "code-block", "z": "tab", "service": "svc", "code": CODE, "outputs": 1, "wires": [["out"]]},
    {"id": "out", "type": "http response", "z": "tab", "wires": []},
    {"id": "catch", "type": "catch", "z": "tab", "scope": ["block"], "wires": [["explain"]]},
    {
        "id": "explain",
        "type": "change",
        "z": "tab",
        "rules": [
            {"t": "set", "p": "payload", "pt": "msg", "to": "error.message", "tot": "msg"},
            {"t": "set", "p": "statusCode", "pt": "msg", "to": "503", "tot": "num"},
        ],
        "wires": [["out"]],
    },
]


def test_service_down_and_back(own_service, start_node_red):
    flow = [node | ({"x": 100, "y": 100} if "z" in node else {}) for node in FLOW]
    node_red = start_node_red(flow, own_service.url)

    def hello() -> tuple[int, str]:
        return get(f"{node_red.url}/hello?", body=b"name=Ada")

    status, text = hello()
    assert status == 503
    assert "can't be reached" in text

    own_service.start()
    assert hello() == (200, "Hello Ada")

    own_service.stop()
    status, text = hello()
    assert status == 503
    assert "can't be reached" in text
    assert get(f"{node_red.url}/settings")[0] == 200

    own_service.start()
    assert hello() == (200, "Hello Ada")
    assert json.loads(get(f"{node_red.url}/settings")[1])["version"].startswith("4.")
