"""A line terminal with a few commands. It only looks like a shell: nothing is executed, and no file is read."""

import datetime
import random

LINES_PER_SECOND, BURST = 20, 40
MOST_COUNTED = 100_000
TOGETHER = 500  # lines counted between two waits for the peer

HELP = """\
help: this
echo TEXT: the same text again
date: what time it is here
who: who is connected
fortune: something to think about
count N: from 1 to N, up to 100,000, as fast as you read
ping WORD: pong WORD
bye: the end""".split("\n")

FORTUNES = [
    "A drawbridge is a wall until somebody is expected.",
    "There is no place like 127.0.0.1.",
    "Old protocols do not die; they get a port forwarded.",
    "Be strict in what you accept, and say why.",
    "What nobody reads, nobody should send faster.",
    "Every timeout is a guess about somebody else's network.",
    "The cloud is somebody else's moat.",
    "A stream has no messages, only the hope of them.",
]


class Shell:
    def __init__(self):
        self._since = {}  # peer: when it came
        self._commands = {"help": self._help, "echo": self._echo, "date": self._date, "who": self._who,
                          "fortune": self._fortune, "count": self._count}

    async def serve(self, peer):
        self._since[peer] = datetime.datetime.now()
        peer.tell(f"Welcome, you are connection {peer.number} of this service. Type help.")
        try:
            async for line in peer.lines(LINES_PER_SECOND, BURST):
                word, _, rest = line.partition(" ")
                if word == "bye":
                    peer.tell("Good-bye.")
                    return
                await self._commands.get(word, self._unknown)(peer, rest.strip())
        finally:
            del self._since[peer]

    async def _help(self, peer, _):
        peer.tell(*HELP)

    async def _echo(self, peer, text):
        peer.tell(text)

    async def _date(self, peer, _):
        peer.tell(datetime.datetime.now().astimezone().strftime("%A, %d %B %Y, %H:%M:%S %Z"))

    async def _who(self, peer, _):
        peer.tell(*(f"connection {each.number}, since {since:%H:%M:%S}{', you' if each is peer else ''}"
                    for each, since in self._since.items()))

    async def _fortune(self, peer, _):
        peer.tell(random.choice(FORTUNES))

    async def _count(self, peer, text):
        if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= MOST_COUNTED):
            peer.tell(f"count takes a number from 1 to {MOST_COUNTED:,}")
            return
        for first in range(1, int(text) + 1, TOGETHER):
            peer.tell(*range(first, min(first + TOGETHER, int(text) + 1)))
            await peer.drained()

    async def _unknown(self, peer, _):
        peer.tell("There is no such command. Type help.")


serve = Shell().serve
