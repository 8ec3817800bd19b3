"""A game: players cross a field and collect dots. The service alone knows where everybody is, and says so 20 times a second.

  you say                   you hear
  join NAME                 arena WIDTH HEIGHT          once, first
  go DX DY                  you ID                      you play; `full` if there is no place, until somebody leaves
                            player ID SCORE NAME        somebody plays, or has collected something
                            left ID
  DX and DY are             dot NUMBER X Y              lies there now
  percent of full speed     at PERIOD ID X Y ID X Y…    everybody, in each period; who is behind misses some
"""

import asyncio
import math
import random
import re
import unicodedata

WIDTH, HEIGHT = 960, 540
EDGE = 24  # how near to it players come
SPEED = 240  # a second
REACH = 24  # how near a player collects a dot
DOTS = 10
MOST_PLAYERS = 32
PERIOD = 0.05  # seconds
BOTS = ["moss", "fern"]
LINES_PER_SECOND, BURST = 60, 120

NAME = re.compile(r"[\w-]{1,16}")


def anywhere():
    return random.uniform(30, WIDTH - 30), random.uniform(30, HEIGHT - 30)


class Player:
    def __init__(self, number, name):
        self.number, self.name, self.score = number, name, 0
        self.x, self.y = anywhere()
        self.dx = self.dy = 0.0  # of full speed

    def go(self, dx, dy):
        length = max(1.0, math.hypot(dx, dy))  # no faster across the corner
        self.dx, self.dy = dx / length, dy / length

    def move(self, seconds):
        self.x = min(max(self.x + self.dx * SPEED * seconds, EDGE), WIDTH - EDGE)
        self.y = min(max(self.y + self.dy * SPEED * seconds, EDGE), HEIGHT - EDGE)

    def line(self):
        return f"player {self.number} {self.score} {self.name}"


class Arena:
    def __init__(self):
        self._dots = [anywhere() for _ in range(DOTS)]
        self._bots = [Player(number + 1, name) for number, name in enumerate(BOTS)]
        self._players = {bot.number: bot for bot in self._bots}
        self._peers = set()
        self._periods = 0
        self._ticking = None

    async def serve(self, peer):
        number = len(BOTS) + peer.number
        peer.tell(f"arena {WIDTH} {HEIGHT}", *(player.line() for player in self._players.values()),
                  *(f"dot {dot} {x:.0f} {y:.0f}" for dot, (x, y) in enumerate(self._dots)))
        self._peers.add(peer)
        self._ticking = self._ticking or asyncio.create_task(self._tick())
        try:
            async for line in peer.lines(LINES_PER_SECOND, BURST):
                word, *rest = line.split()
                if word == "join":
                    self._join(peer, number, unicodedata.normalize("NFC", " ".join(rest)))
                elif word == "go":
                    self._go(peer, number, rest)
                else:
                    peer.tell("error that is none of: join, go, ping")
        finally:
            self._peers.remove(peer)
            if self._players.pop(number, None):
                self._tell_all(f"left {number}")

    def _join(self, peer, number, name):
        player = self._players.get(number)
        if not NAME.fullmatch(name):
            peer.tell("error a name has 1 to 16 letters, digits, - or _")
        elif player is None and len(self._players) >= MOST_PLAYERS:
            peer.tell("full")
        else:
            if player is None:
                player = self._players[number] = Player(number, name)
            player.name = name
            peer.tell(f"you {number}")
            self._tell_all(player.line())

    def _go(self, peer, number, percents):
        player = self._players.get(number)
        if len(percents) != 2 or not all(re.fullmatch(r"-?[0-9]{1,3}", each) for each in percents):
            peer.tell("error go takes two numbers from -100 to 100")
        elif player:
            player.go(*(int(percent) / 100 for percent in percents))

    async def _tick(self):
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._peers:
            due = max(due + PERIOD, loop.time())  # what was missed is not made up for
            await asyncio.sleep(due - loop.time())
            self._step()
        self._ticking = None

    def _step(self):
        self._periods += 1
        for bot in self._bots:
            x, y = min(self._dots, key=lambda dot: math.dist(dot, (bot.x, bot.y)))
            distance = max(1.0, math.dist((x, y), (bot.x, bot.y)))
            bot.go(0.4 * (x - bot.x) / distance, 0.4 * (y - bot.y) / distance)
        for player in self._players.values():
            player.move(PERIOD)
            self._collect(player)
        places = " ".join(f"{each.number} {each.x:.0f} {each.y:.0f}" for each in self._players.values())
        for peer in self._peers:
            peer.offer(f"at {self._periods} {places}")

    def _collect(self, player):
        for number, dot in enumerate(self._dots):
            if math.dist(dot, (player.x, player.y)) <= REACH:
                self._dots[number] = x, y = anywhere()
                player.score += 1
                self._tell_all(f"dot {number} {x:.0f} {y:.0f}", player.line())

    def _tell_all(self, *lines):
        for peer in self._peers:
            peer.tell(*lines)


serve = Arena().serve
