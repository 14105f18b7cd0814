# Opens sockets of every family, and connects.
# ends: completed
# so that: all(each in ("OSError", "gaierror", "AttributeError", "ConnectionRefusedError") for each in result)
import _socket, asyncio, http.client, socket, ssl, smtplib, ftplib


def tried(call, *args):
    try:
        return f"ESCAPED {call(*args)}"
    except (OSError, AttributeError) as error:
        return type(error).__name__


async def connect():
    return await asyncio.open_connection("127.0.0.1", data["port"])


def tried_raw(family, kind):
    raw = _socket.socket(family, kind)
    raw.connect(("127.0.0.1", data["port"]))
    return raw


answers = []
for family in (1, 2, 10, 16, 17, 40):
    for kind in (1, 2, 3):
        answers += [tried(socket.socket, family, kind), tried(tried_raw, family, kind)]
answers += [tried(socket.create_connection, ("127.0.0.1", data["port"])), tried(socket.socketpair)]
answers += [tried(http.client.HTTPConnection("127.0.0.1", data["port"]).request, "GET", "/")]
answers += [tried(smtplib.SMTP, "127.0.0.1", data["port"]), tried(socket.create_server, ("127.0.0.1", 0))]
answers += [tried(socket.getaddrinfo, "localhost", 80), tried(socket.fromfd, 0, 2, 1), tried(ftplib.FTP, "127.0.0.1")]
try:
    answers.append(f"ESCAPED {await connect()}")
except OSError as error:
    answers.append("OSError")
return answers
