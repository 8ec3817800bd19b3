"""A chat room.

  you say                   you hear
  name NAME                 you NAME         the name you have now, which is another one if that was taken
  say TEXT                  names NAME…      who is here, when you come
                            join NAME, leave NAME, rename OLD NEW
                            said NAME TEXT   also to yourself, and the last ones when you come
                            error TEXT
"""

import itertools
import re
import unicodedata
from collections import deque

LONGEST_TEXT = 400  # characters
LINES_PER_SECOND, BURST = 5, 20

NAME = re.compile(r"[\w-]{1,16}")


class Room:
    def __init__(self):
        self._members = {}  # name: peer
        self._said = deque(maxlen=30)

    async def serve(self, peer):
        name = self._free_name(f"guest-{peer.number}")
        peer.tell(f"you {name}", *self._said, " ".join(["names", *self._members, name]))
        self._tell_all(f"join {name}")
        self._members[name] = peer
        try:
            async for line in peer.lines(LINES_PER_SECOND, BURST):
                word, _, rest = line.partition(" ")
                if word == "say":
                    self._say(name, rest)
                elif word == "name":
                    name = self._rename(name, unicodedata.normalize("NFC", rest))
                else:
                    peer.tell("error that is none of: name, say, ping")
        finally:
            del self._members[name]
            self._tell_all(f"leave {name}")

    def _say(self, name, text):
        line = f"said {name} {text[:LONGEST_TEXT]}"
        self._said.append(line)
        self._tell_all(line)

    def _rename(self, old, wanted):
        peer = self._members[old]
        if not NAME.fullmatch(wanted):
            peer.tell("error a name has 1 to 16 letters, digits, - or _")
            return old
        if wanted != old:
            new = self._free_name(wanted, old)
            # In its old place, so that lists keep their order.
            self._members = {new if name == old else name: each for name, each in self._members.items()}
            self._tell_all(f"rename {old} {new}")
            old = new
        peer.tell(f"you {old}")
        return old

    def _free_name(self, wanted, own=None):
        taken = {name.casefold() for name in self._members if name != own}
        names = itertools.chain([wanted], (f"{wanted}-{number}" for number in itertools.count(2)))
        return next(name for name in names if name.casefold() not in taken)

    def _tell_all(self, line):
        for peer in self._members.values():
            peer.tell(line)


serve = Room().serve
