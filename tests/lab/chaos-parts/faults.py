# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of faults: a table of what each breaks and mends, and the sequence that a seed gives."""
import dataclasses
import random
import typing

GATEWAYS = ("gw", "gwn")
RELAYS = ("ra", "rb")
PATHS = tuple(f"{host}:neo{n}" for host in GATEWAYS for n in (1, 2, 3))


@dataclasses.dataclass(frozen=True)
class Kind:
    """A fault that can be made. breaks is a generator function (world, target): it breaks, yields once, and mends."""

    name: str
    targets: tuple
    breaks: typing.Callable
    hold: tuple = (1.5, 3.5)
    """Between how many seconds it lasts."""
    ends: str = ""
    """Connections by this service end with it, which is no loss."""
    strands: typing.Callable = lambda world: {}
    """Which transfers it leaves no way at all, see World.without_relay(); asked before it breaks anything."""


@dataclasses.dataclass(frozen=True)
class Fault:
    number: int
    kind: Kind
    target: str
    hold: float


KINDS: dict[str, Kind] = {}
SKIPPED: dict[str, str] = {}


def kind(name, targets, **more):
    """Decorates the generator function of a kind of fault."""

    def add(breaks):
        KINDS[name] = Kind(name, tuple(targets), breaks, **more)
        return breaks

    return add


def skipped(name, why):
    SKIPPED[name] = why


def parts(target):
    """(host, what there) of HOST:WHAT."""
    host, _, what = target.partition(":")
    return host, what


def sequence(seed, names):
    """Faults without end: each kind once in each round, in a random order, on a random target."""
    chance, number = random.Random(seed), 0
    while True:
        for name in chance.sample(sorted(names), len(names)):
            number += 1
            chosen = KINDS[name]
            yield Fault(number, chosen, chance.choice(chosen.targets), round(chance.uniform(*chosen.hold), 1))
