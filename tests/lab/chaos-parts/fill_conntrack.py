# SPDX-License-Identifier: GPL-2.0-or-later
"""fill_conntrack fill|empty: fills the table of connections of this network namespace (linux/netfilter/nfnetlink_conntrack.h), by
connections of UDP to port 9 that are assured, so that the kernel does not drop one of them early; or takes these out again. They have a mark,
by which the kernel takes all of them out at once: one after the other takes a minute."""
import socket
import struct
import sys

NFNL_CT_NEW, NFNL_CT_DELETE = 1 << 8, 1 << 8 | 2
NLM_F_REQUEST, NLM_F_CREATE = 1, 0x400
TUPLE_ORIG, TUPLE_REPLY, STATUS, TIMEOUT, MARK, MARK_MASK, NESTED = 1, 2, 3, 7, 8, 21, 0x8000
SEEN_REPLY, ASSURED, CONFIRMED = 2, 4, 8
LIFE_S, PORT, BATCH, OWN_MARK = 60, 9, 400, struct.pack("!I", 0xC4A05)


def attribute(kind, data):
    size = 4 + len(data)
    return struct.pack("=HH", size, kind) + data + bytes(-size % 4)


def nested(kind, *parts):
    return attribute(kind | NESTED, b"".join(parts))


def side(kind, source, target, source_port, target_port):
    addresses = nested(1, attribute(1, source), attribute(2, target))
    ports = nested(2, attribute(1, bytes([socket.IPPROTO_UDP])), attribute(2, source_port), attribute(3, target_port))
    return nested(kind, addresses, ports)


def message(kind, flags, body):
    body = struct.pack("=BBH", socket.AF_INET, 0, 0) + body
    return struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | flags, 0, 0) + body


def entry(client, port):
    server, discard = bytes([203, 0, 113, 1]), struct.pack("!H", PORT)
    body = side(TUPLE_ORIG, client, server, port, discard) + side(TUPLE_REPLY, server, client, discard, port)
    body += attribute(STATUS, struct.pack("!I", SEEN_REPLY | ASSURED | CONFIRMED)) + attribute(TIMEOUT, struct.pack("!I", LIFE_S))
    return message(NFNL_CT_NEW, NLM_F_CREATE, body + attribute(MARK, OWN_MARK))


# What stands before, between and after the client and its port, each of which is in both directions.
CLIENT, CLIENT_PORT = b"\xfd\xfc\xfb\xfa", b"\xf9\xf8"
A, B, C, D, E = (piece for part in entry(CLIENT, CLIENT_PORT).split(CLIENT) for piece in part.split(CLIENT_PORT))


def entries(begin, end):
    for number in range(begin, end):
        client, port = struct.pack("!I", 0x0A000000 + number // 60000), struct.pack("!H", 1024 + number % 60000)
        yield b"".join((A, client, B, port, C, client, D, port, E))


def value(name):
    with open(f"/proc/sys/net/netfilter/nf_conntrack_{name}", encoding="ascii") as file:
        return int(file.read())


def fill(netlink):
    most = value("max")
    for begin in range(0, most, BATCH):
        if value("count") >= most:
            break
        netlink.send(b"".join(entries(begin, begin + BATCH)))


def empty(netlink):
    netlink.send(message(NFNL_CT_DELETE, 0, attribute(MARK, OWN_MARK) + attribute(MARK_MASK, b"\xff" * 4)))


with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as connection:
    {"fill": fill, "empty": empty}[sys.argv[1]](connection)
print(f"{value('count')} of {value('max')} connections")
