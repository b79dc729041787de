#!/usr/bin/env python3
"""A slow link between two network namespaces, for kernels without netem.

usage: slow_link.py NAMESPACE ADDRESS NAMESPACE ADDRESS --bits N --delay MS --loss PERCENT

Each namespace gets a device `slow0` with its address. What one end sends arrives at the other after
the delay, no faster than so many bits a second, and a share of it never; packet by packet, so the
ends' own TCP has to cope. Runs until it is stopped; the devices go with it.
"""
import argparse
import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
# As many as netem holds unless told otherwise.
PACKETS_HELD_MAX = 1000


def open_end(namespace, address, peer):
    """Makes the device in the namespace; it goes when its file is closed."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}") as place:
        if libc.setns(place.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter the namespace {namespace}")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"slow0", IFF_TUN | IFF_NO_PI))
    for words in (["addr", "add", address, "peer", peer, "dev", "slow0"],
                  ["link", "set", "slow0", "up"]):
        subprocess.run(["ip", *words], check=True)
    return device


class Direction:
    """What is under way from one end to the other."""

    def __init__(self, target, options):
        self.target = target
        self.options = options
        self.free_at = 0.0
        self.packets = []

    def send(self, packet, now):
        if random.random() * 100 < self.options.loss or len(self.packets) >= PACKETS_HELD_MAX:
            return
        self.free_at = max(self.free_at, now) + len(packet) * 8 / self.options.bits
        heapq.heappush(self.packets, (self.free_at + self.options.delay / 1000, packet))

    def deliver(self, now):
        while self.packets and self.packets[0][0] <= now:
            os.write(self.target, heapq.heappop(self.packets)[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ends", nargs=4)
    parser.add_argument("--bits", type=float, required=True)
    parser.add_argument("--delay", type=float, required=True)
    parser.add_argument("--loss", type=float, required=True)
    options = parser.parse_args()
    first, first_address, second, second_address = options.ends
    one = open_end(first, first_address, second_address)
    other = open_end(second, second_address, first_address)
    directions = {one: Direction(other, options), other: Direction(one, options)}
    print("ready", flush=True)
    while True:
        now = time.monotonic()
        due = [direction.packets[0][0] for direction in directions.values() if direction.packets]
        readable, _, _ = select.select(
            list(directions), [], [], max(0, min(due) - now) if due else None)
        now = time.monotonic()
        for end in readable:
            directions[end].send(os.read(end, 65536), now)
        for direction in directions.values():
            direction.deliver(now)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
