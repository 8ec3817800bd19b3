"""A feed of prices: `MILLISECONDS SYMBOL PRICE`, 200 lines a second, in the order of time, counted from when the service
started. It begins with those of the last seconds. Whoever cannot keep up misses some.
"""

import asyncio
import random
from collections import deque

SYMBOLS = {"OAK": 108.0, "ELM": 102.0, "ASH": 97.0, "YEW": 91.0}  # and where each tends to
RATE = 200  # lines a second, of all symbols
KEPT = 20  # seconds
PERIOD = 0.02  # seconds between two writes
LINES_PER_SECOND, BURST = 5, 20


class Feed:
    def __init__(self):
        self._prices = dict(SYMBOLS)
        self._trends = dict.fromkeys(SYMBOLS, 0.0)
        self._lines = deque(maxlen=KEPT * RATE)
        self._count = 0  # of lines so far, each a 1/RATE of a second after the one before
        self._advance(self._lines.maxlen)
        self._started = None
        self._peers = set()
        self._ticking = None

    async def serve(self, peer):
        self._advance(self._due())
        peer.tell(*self._lines)
        self._peers.add(peer)
        self._ticking = self._ticking or asyncio.create_task(self._tick())
        try:
            async for _ in peer.lines(LINES_PER_SECOND, BURST):
                peer.tell("error that is not ping")
        finally:
            self._peers.remove(peer)

    async def _tick(self):
        while self._peers:
            await asyncio.sleep(PERIOD)
            lines = self._advance(self._due())
            for peer in self._peers:
                peer.offer(*lines)
        self._ticking = None

    def _due(self):
        now = asyncio.get_running_loop().time()
        self._started = self._started or now
        return self._lines.maxlen + int((now - self._started) * RATE)

    def _advance(self, count):
        """Makes the lines up to `count`; of a long pause, only those that are kept."""
        self._count = max(self._count, count - self._lines.maxlen)
        made = [self._next() for _ in range(self._count, count)]
        self._lines.extend(made)
        return made

    def _next(self):
        symbol = list(SYMBOLS)[self._count % len(SYMBOLS)]
        trend, price = self._trends[symbol], self._prices[symbol]
        trend = 0.97 * trend + random.gauss(0, 0.035) + 0.0006 * (SYMBOLS[symbol] - price)
        self._trends[symbol], self._prices[symbol] = trend, max(1.0, price + trend)
        self._count += 1
        return f"{self._count * 1000 // RATE} {symbol} {self._prices[symbol]:.2f}"


serve = Feed().serve
