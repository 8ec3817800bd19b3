"""What the services have in common: a peer that sends and gets lines of UTF-8, each ended by "\\n". Every service answers
`ping WORD` with `pong WORD`, by which a round trip can be measured.
"""

import asyncio
import itertools

LONGEST_LINE = 1024  # bytes, its end included
LONGEST_BACKLOG = 256 * 1024  # bytes that a peer may leave unread before it is shown out
FULL = 16 * 1024  # bytes unread from which on a peer gets nothing that can be left out
PATIENCE = 60  # seconds that a peer may take to read what was kept for it
MOST_PEERS = 200  # of one service

JOINER = "\u200d"  # of which emoji are made; no other invisible character passes


def printable(text):
    """Without whatever could move a cursor, turn the direction of writing or end a line."""
    return "".join(each if each.isprintable() or each == JOINER else " " for each in text).strip()


class Peer:
    """One connection. `number` is its own for as long as the service runs."""

    def __init__(self, number, reader, writer):
        self.number = number
        self._reader = reader
        self._writer = writer
        self._free_at = 0.0  # when the next line may be taken

    async def lines(self, rate, burst):
        """What it sends, until it ends, fails or sends a line that is too long. Beyond `rate` lines a second, after a `burst`
        of them, it is not read, so that TCP holds it back.
        """
        loop = asyncio.get_running_loop()
        while True:
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError:
                self.tell(f"error lines end after {LONGEST_LINE} bytes")
                return
            except (asyncio.IncompleteReadError, OSError):
                return  # what has no end is no line
            now = loop.time()
            self._free_at = max(self._free_at, now - burst / rate) + 1 / rate
            if self._free_at > now:
                await asyncio.sleep(self._free_at - now)
            text = printable(line.decode(errors="replace"))
            if text.startswith("ping "):
                self.tell(f"pong {text[5:]}")
            elif text:
                yield text

    def tell(self, *lines):
        """All of it arrives, or the connection ends."""
        if self._writer.is_closing():
            return
        self._writer.write("".join(f"{line}\n" for line in lines).encode())
        if self._unsent() > LONGEST_BACKLOG:
            self._writer.transport.abort()

    def offer(self, *lines):
        """For what the next such line makes old: a peer that is behind does not get it."""
        if self._unsent() < FULL:
            self.tell(*lines)

    async def drained(self):
        """Once it has read most of what it was told, or is gone."""
        try:
            await asyncio.wait_for(self._writer.drain(), PATIENCE)
        except (OSError, asyncio.TimeoutError):
            self._writer.transport.abort()

    async def close(self):
        """After what it was told, if it reads that."""
        self._writer.close()
        try:
            await asyncio.wait_for(self._writer.wait_closed(), PATIENCE)
        except (OSError, asyncio.TimeoutError):
            self._writer.transport.abort()

    def _unsent(self):
        return self._writer.transport.get_write_buffer_size()


async def listen(serve, port=0):
    """A service on loopback, where `serve(peer)` is a peer's whole life. Port 0 takes a free one."""
    numbers = itertools.count(1)
    peers = set()

    async def connected(reader, writer):
        peer = Peer(next(numbers), reader, writer)
        if len(peers) < MOST_PEERS:
            peers.add(peer)
            try:
                await serve(peer)
            finally:
                peers.remove(peer)
        else:
            peer.tell("error the service is full")
        await peer.close()

    return await asyncio.start_server(connected, "127.0.0.1", port, limit=LONGEST_LINE - 1)
