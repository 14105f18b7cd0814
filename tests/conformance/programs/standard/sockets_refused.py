import socket
import urllib.request

outcomes = []
for action in (lambda: socket.create_connection(("192.0.2.1", 80), timeout=0.2), lambda: urllib.request.urlopen("http://192.0.2.1/", timeout=0.2), lambda: socket.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)):
    try:
        outcomes.append(type(action()).__name__)
    except Exception as error:
        outcomes.append(isinstance(error, OSError))
outcomes += [socket.inet_aton("127.0.0.1"), socket.htons(1), socket.AF_INET, socket.has_ipv6]
result = outcomes
