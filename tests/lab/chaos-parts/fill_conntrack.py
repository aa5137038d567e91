# SPDX-License-Identifier: GPL-2.0-or-later
"""Fills the table of connections of this network namespace (linux/netfilter/nfnetlink_conntrack.h), by connections of UDP to port 9
that are assured, so that the kernel does not drop one of them early. They end after LIFE_S, if nobody deletes them before."""
import socket
import struct

NFNL_CT_NEW = 1 << 8
NLM_F_REQUEST, NLM_F_CREATE = 1, 0x400
TUPLE_ORIG, TUPLE_REPLY, STATUS, TIMEOUT, NESTED = 1, 2, 3, 7, 0x8000
SEEN_REPLY, ASSURED, CONFIRMED = 2, 4, 8
LIFE_S, PORT, BATCH = 60, 9, 400


def attribute(kind, data):
    size = 4 + len(data)
    return struct.pack("=HH", size, kind) + data + bytes(-size % 4)


def nested(kind, *parts):
    return attribute(kind | NESTED, b"".join(parts))


def side(kind, source, target, source_port, target_port):
    addresses = nested(1, attribute(1, source), attribute(2, target))
    ports = nested(2, attribute(1, bytes([socket.IPPROTO_UDP])), attribute(2, source_port), attribute(3, target_port))
    return nested(kind, addresses, ports)


def entry(number):
    client, server = struct.pack("!I", 0x0A000000 + number // 60000), bytes([203, 0, 113, 1])
    port, discard = struct.pack("!H", 1024 + number % 60000), struct.pack("!H", PORT)
    body = struct.pack("=BBH", socket.AF_INET, 0, 0) + side(TUPLE_ORIG, client, server, port, discard) + side(TUPLE_REPLY, server, client, discard, port)
    body += attribute(STATUS, struct.pack("!I", SEEN_REPLY | ASSURED | CONFIRMED)) + attribute(TIMEOUT, struct.pack("!I", LIFE_S))
    return struct.pack("=IHHII", 16 + len(body), NFNL_CT_NEW, NLM_F_REQUEST | NLM_F_CREATE, 0, 0) + body


def value(name):
    with open(f"/proc/sys/net/netfilter/nf_conntrack_{name}", encoding="ascii") as file:
        return int(file.read())


def main():
    most = value("max")
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:
        for begin in range(0, most, BATCH):
            if value("count") >= most:
                break
            netlink.send(b"".join(entry(number) for number in range(begin, begin + BATCH)))
    print(f"{value('count')} of {most} connections")


main()
