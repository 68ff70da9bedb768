#!/usr/bin/env python3
"""A cable whose line can turn bad, for tests/networks.sh.

Makes two network devices (TAP), named on the command line, and carries what goes into one out of the
other. After SIGUSR1 each direction delays by 100 ms and loses 5 %. What tc netem does, on kernels that
are built without it.
"""

import fcntl
import heapq
import itertools
import os
import random
import select
import signal
import struct
import sys
import time

DELAY = 0.1  # seconds
LOSS = 0.05
FRAMES = 5000  # that may be under way; a real line's buffer is no larger
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000


def device(name):
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    return tap


def carry(one, other):
    bad = []
    signal.signal(signal.SIGUSR1, lambda *_: bad.append(True))
    chance, number = random.Random(1), itertools.count()
    under_way = []  # (when it arrives, its number, where, the frame)
    while True:
        patience = max(0, under_way[0][0] - time.monotonic()) if under_way else None
        ready, _, _ = select.select([one, other], [], [], patience)
        for tap in ready:
            frame = os.read(tap, 65536)
            lost = bad and chance.random() < LOSS
            if not lost and len(under_way) < FRAMES:
                arrives = time.monotonic() + (DELAY if bad else 0)
                heapq.heappush(under_way, (arrives, next(number), other if tap == one else one, frame))
        while under_way and under_way[0][0] <= time.monotonic():
            _, _, tap, frame = heapq.heappop(under_way)
            try:
                os.write(tap, frame)
            except OSError:
                pass  # the device is down: a cable that is not plugged in


carry(*map(device, sys.argv[1:]))
