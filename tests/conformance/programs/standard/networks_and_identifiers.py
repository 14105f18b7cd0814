import colorsys
import ipaddress
import mimetypes
import secrets
import uuid

network = ipaddress.ip_network("192.168.4.0/22")
problems = []
for text in ("256.1.1.1", "1::2::3", "192.168.0.1/24"):
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        problems.append(str(error))
result = (
    network.num_addresses, str(network.broadcast_address), [str(n) for n in network.subnets(prefixlen_diff=1)], ipaddress.ip_address("192.168.5.9") in network, ipaddress.ip_address("::ffff:1.2.3.4").ipv4_mapped, ipaddress.ip_address("2001:db8::1").exploded, problems,
    colorsys.rgb_to_hsv(0.2, 0.4, 0.4), mimetypes.guess_type("a.tar.gz"), len(secrets.token_hex(8)), uuid.uuid4().version, uuid.uuid4() != uuid.uuid4(), uuid.UUID("{12345678123456781234567812345678}").fields,
)
