"""The services of examples/demo, with peers that behave and peers that do not. Usage: demo_services_test.py SOURCES"""

import asyncio
import re
import socket
import struct
import sys
import unittest
from pathlib import Path
from unittest import mock

SOURCES = Path(sys.argv[1]).resolve()
sys.path.insert(0, str(SOURCES / "examples/demo/services"))

import arena  # noqa: E402
import chat  # noqa: E402
import lines  # noqa: E402
import shell  # noqa: E402
import ticker  # noqa: E402

PATIENCE = 20  # seconds


class Client:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, port):
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def send(self, *texts):
        self.write("".join(f"{text}\n" for text in texts).encode())

    def write(self, content):
        self.writer.write(content)

    async def line(self):
        line = await asyncio.wait_for(self.reader.readline(), PATIENCE)
        return line.decode().removesuffix("\n") if line else None

    async def until(self, pattern):
        while (line := await self.line()) is not None:
            if re.fullmatch(pattern, line):
                return line
        raise AssertionError(f"it ended without {pattern}")

    async def answers(self):
        """It has heard everything that was told before."""
        self.send("ping here")
        heard = []
        while (line := await self.line()) != "pong here":
            assert line is not None, "it ended"
            heard.append(line)
        return heard

    async def end(self):
        while await self.line() is not None:
            pass

    def close(self):
        self.writer.close()

    def reset(self):
        its = self.writer.get_extra_info("socket")
        its.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class ServiceTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.servers, self.clients = [], []
        self.addAsyncCleanup(self.stop)

    async def serve(self, service):
        self.servers.append(await lines.listen(service.serve))
        self.port = self.servers[-1].sockets[0].getsockname()[1]

    async def stop(self):
        for each in self.servers + self.clients:
            each.close()
        # Cancelled by nobody, and no error of any is left.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait_for(asyncio.gather(*others), PATIENCE)

    async def connect(self):
        client = await Client.connect(self.port)
        self.clients.append(client)
        return client


class Lines(ServiceTest):
    SERVICES = {"chat": chat.Room, "ticker": ticker.Feed, "arena": arena.Arena, "shell": shell.Shell}
    HOSTILE = [b"\n", b"\r\n", b"\0\n", b"\xff\xfe\n", b"\xed\xa0\x80\n", b" \n", b"say\n", b"name\n", b"name \n", b"go\n",
               b"go nan inf\n", b"go 1e9 1\n", b"go 1\n", b"go 99999 1\n", "go １ １\n".encode(), b"join\n", b"join a b\n", b"ping\n",
               b"ping \n", b"count\n", b"count -1\n", b"count 1e3\n", b"\x1b[2J\n", "\u202edrowssap\n".encode(), b"x" * 1000 + b"\n"]

    async def test_each_service_outlives_whatever_it_is_told(self):
        for name, service in self.SERVICES.items():
            with self.subTest(name):
                await self.serve(service())
                other, hostile = await self.connect(), await self.connect()
                for line in self.HOSTILE:
                    hostile.write(line)
                for line in await hostile.answers() + await other.answers():
                    self.assertTrue(line.isprintable(), line)

    async def test_each_ends_a_line_that_is_too_long_and_nobody_else(self):
        for name, service in self.SERVICES.items():
            with self.subTest(name):
                await self.serve(service())
                other = await self.connect()
                await other.answers()
                fits, ended, with_it = await self.connect(), await self.connect(), await self.connect()
                fits.write(b"x" * (lines.LONGEST_LINE - 1) + b"\n")
                await fits.answers()
                for client, content in [(ended, b"x" * lines.LONGEST_LINE), (with_it, b"x" * lines.LONGEST_LINE + b"\n")]:
                    client.write(content)
                    await client.until(f"error lines end after {lines.LONGEST_LINE} bytes")
                    await client.end()
                await other.answers()

    async def test_what_has_no_end_is_no_line(self):
        await self.serve(chat.Room())
        other, half = await self.connect(), await self.connect()
        await half.answers()
        half.write(b"say somethi")
        half.writer.write_eof()
        await half.end()
        await other.until("leave guest-2")
        self.assertEqual([line for line in await other.answers() if line.startswith("said")], [])

    async def test_a_line_may_come_in_pieces(self):
        await self.serve(shell.Shell())
        client = await self.connect()
        await client.line()
        for byte in "echo Zwölf 🏰\r\n".encode():
            client.write(bytes([byte]))
            await client.writer.drain()
        self.assertEqual(await client.line(), "Zwölf 🏰")

    async def test_a_full_service_says_so_until_somebody_leaves(self):
        with mock.patch.object(lines, "MOST_PEERS", 2):
            await self.serve(chat.Room())
            first, second = await self.connect(), await self.connect()
            await first.answers()
            await second.answers()
            third = await self.connect()
            self.assertEqual([await third.line(), await third.line()], ["error the service is full", None])
            second.close()
            await first.until("leave guest-2")
            self.assertEqual(await (await self.connect()).line(), "you guest-4")

    async def test_whoever_speaks_too_fast_is_read_more_slowly(self):
        await self.serve(chat.Room())
        fast, other = await self.connect(), await self.connect()
        await other.answers()
        started = asyncio.get_running_loop().time()
        fast.send(*(f"say {i}" for i in range(chat.BURST + 3)))
        await other.until(f"said guest-1 {chat.BURST + 2}")
        self.assertGreater(asyncio.get_running_loop().time() - started, 2 / chat.LINES_PER_SECOND)

    async def test_whoever_does_not_read_is_shown_out_and_keeps_nobody_waiting(self):
        with mock.patch.object(lines, "LONGEST_BACKLOG", 20000), mock.patch.object(chat, "LINES_PER_SECOND", 1e6):
            await self.serve(chat.Room())
            deaf = socket.create_connection(("127.0.0.1", self.port))
            self.addCleanup(deaf.close)
            speaker = await self.connect()
            await speaker.until("names guest-1 guest-2")
            left = asyncio.create_task(speaker.until("leave guest-1"))
            while not left.done():
                speaker.send("say " + "x" * chat.LONGEST_TEXT)
                await speaker.writer.drain()
                await asyncio.sleep(0)
            await left
            self.assertTrue((await (await self.connect()).answers())[-1].startswith("names guest-2"))


class Chat(ServiceTest):
    async def asyncSetUp(self):
        await self.serve(chat.Room())
        self.ada = await self.connect()
        self.ada.send("name ada")
        await self.ada.until("you ada")

    async def test_everybody_hears_what_is_said_and_latecomers_too(self):
        bob = await self.connect()
        self.assertEqual(await bob.answers(), ["you guest-2", "names ada guest-2"])
        bob.send("say hello")
        for client in (self.ada, bob):
            await client.until("said guest-2 hello")
        late = await self.connect()
        self.assertEqual(await late.answers(), ["you guest-3", "said guest-2 hello", "names ada guest-2 guest-3"])

    async def test_a_name_belongs_to_one(self):
        bob = await self.connect()
        bob.send("name ADA")
        await bob.until("you ADA-2")
        self.assertEqual(await self.ada.answers(), ["join guest-2", "rename guest-2 ADA-2"])
        bob.send("name ada-2")
        await bob.until("you ada-2")
        bob.send("name bob", "say it is me")
        await self.ada.until("said bob it is me")

    async def test_a_name_is_a_word(self):
        for name in ["", "a b", "<b>", "x" * 17, "e\u0301" * 20, "a\u0300\u0301\u0302\u0303", "\u202eada", "ada:", "ada\u200d"]:
            with self.subTest(name):
                self.ada.send(f"name {name}")
                self.assertRegex((await self.ada.answers())[0], "^error ")
        for name in ["Zoë", "Zoe\u0308", "名無し", "x" * 16, "a-b_c"]:
            with self.subTest(name):
                self.ada.send(f"name {name}")
                await self.ada.until("you .*")

    async def test_what_is_said_moves_no_cursor(self):
        self.ada.write("say a\x1b[31mb\x07\u202ec\u2028d\r\n".encode() + b"say \xff\xc0\xaf!\n")
        self.assertEqual(await self.ada.until("said .*"), "said ada a [31mb  c d")
        self.assertEqual(await self.ada.until("said .*"), "said ada \ufffd\ufffd\ufffd!")

    async def test_everybody_hears_of_each_leaving_once(self):
        for how in ["close", "reset", "overlong"]:
            with self.subTest(how):
                leaver = await self.connect()
                leaver.send("name bob")
                await leaver.until("you bob")
                if how == "overlong":
                    leaver.write(b"x" * 5000)
                else:
                    getattr(leaver, how)()
                await self.ada.until("leave bob")
                self.assertEqual(await self.ada.answers(), [])


class Ticker(ServiceTest):
    async def asyncSetUp(self):
        self.feed = ticker.Feed()
        await self.serve(self.feed)

    async def test_it_begins_with_what_was_and_goes_on_without_a_gap(self):
        for _ in range(2):
            client = await self.connect()
            first = None
            for i in range(ticker.KEPT * ticker.RATE + 100):
                at, symbol, price = (await client.line()).split()
                first = first or int(at)
                self.assertEqual(int(at), first + i * 1000 // ticker.RATE)
                self.assertIn(symbol, ticker.SYMBOLS)
                self.assertRegex(price, r"^\d+\.\d\d$")

    async def test_whoever_is_behind_misses_some_and_stays(self):
        kept = ticker.KEPT * ticker.RATE
        client = await self.connect()
        with mock.patch.object(lines, "FULL", 0):  # everybody is
            told = [await client.line() for _ in range(kept)]
            while not any(line.startswith("pong") for line in told) or self.feed._count < kept + 10:
                client.send("ping here")
                told.append(await client.line())
        # What was told before FULL changed may still have come.
        last = [int(line.split()[0]) for line in told if not line.startswith("pong")][-1]
        at, *_ = (await client.until(r"\d.*")).split()
        self.assertGreater(int(at), last + 1000 // ticker.RATE)


class Arena(ServiceTest):
    async def asyncSetUp(self):
        await self.serve(arena.Arena())

    async def join(self, name):
        client = await self.connect()
        client.send(f"join {name}")
        return client, (await client.until("you .*")).split()[1]

    async def places(self, client, number):
        """Of that player, as they are told."""
        while True:
            _, _, *numbers = (await client.until("at .*")).split()
            yield dict(zip(numbers[::3], zip(map(int, numbers[1::3]), map(int, numbers[2::3])))).get(number)

    async def test_somebody_who_comes_is_told_of_everything(self):
        ada, number = await self.join("ada")
        other = await self.connect()
        told = await other.answers()
        self.assertEqual(told[0], f"arena {arena.WIDTH} {arena.HEIGHT}")
        self.assertIn(f"player {number} 0 ada", told)
        self.assertEqual(sum(line.startswith("dot ") for line in told), arena.DOTS)
        ada.close()
        await other.until(f"left {number}")

    async def test_players_move_as_they_wish_but_no_faster_and_no_farther(self):
        step = arena.SPEED * arena.PERIOD
        for direction, longest in [("100 0", step), ("100 100", step / 2 ** 0.5), ("999 999", step / 2 ** 0.5), ("-50 0", step / 2)]:
            with self.subTest(direction):
                ada, number = await self.join("ada")
                ada.send(f"go {direction}")
                before, moved = None, []
                async for place in self.places(ada, number):
                    if before:
                        moved.append(abs(place[0] - before[0]))
                    before = place
                    if len(moved) == 5:
                        break
                self.assertLessEqual(max(moved), longest + 1)
                self.assertLessEqual(place[0], arena.WIDTH - arena.EDGE)
        ada.send("go -100 -100")
        async for place in self.places(ada, number):
            self.assertGreaterEqual(min(place), arena.EDGE)
            if place == (arena.EDGE, arena.EDGE):
                break

    async def test_dots_are_collected(self):
        client = await self.connect()
        await client.answers()
        line = await client.until(r"player \d+ [1-9]\d* .*")  # one of the bots
        self.assertIn(line.split()[3], arena.BOTS)

    async def test_only_so_many_play_and_the_rest_wait(self):
        with mock.patch.object(arena, "MOST_PLAYERS", len(arena.BOTS) + 1):
            ada, number = await self.join("ada")
            bob = await self.connect()
            bob.send("join bob")
            await bob.until("full")
            bob.send("go 100 0")
            ada.close()
            await bob.until(f"left {number}")
            bob.send("join bob")
            await bob.until("you .*")

    async def test_a_name_is_a_word_and_can_change(self):
        ada, number = await self.join("ada")
        for name in ["<b>", "a b", "x" * 17, ""]:
            ada.send(f"join {name}")
            await ada.until("error .*")
        ada.send("join countess")
        await ada.until(f"player {number} \\d+ countess")


class Shell(ServiceTest):
    async def asyncSetUp(self):
        await self.serve(shell.Shell())
        self.client = await self.connect()
        await self.client.until("Welcome.*")

    async def test_it_knows_what_its_help_says(self):
        self.client.send("help")
        told = await self.client.answers()
        for line in told:
            word = re.match(r"\w+", line)[0]
            if word != "bye":
                self.client.send(f"{word} 1")
                self.assertNotIn("no such command", (await self.client.line()))
        self.client.send("rm -rf /")
        await self.client.until("There is no such command.*")

    async def test_a_long_answer_is_whole_and_waits_for_its_reader(self):
        # What the kernel takes is less than what may be kept, and both are less than the answer.
        self.servers[-1].sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        self.client = await self.connect()
        await self.client.until("Welcome.*")
        self.client.send("count 100000", "echo done")
        other = await self.connect()
        await other.answers()
        expected = "".join(f"{i}\n" for i in range(1, 100001)) + "done\n"
        told = await asyncio.wait_for(self.client.reader.readexactly(len(expected)), PATIENCE)
        self.assertTrue(told == expected.encode())

    async def test_a_reader_that_goes_in_the_middle_is_forgotten(self):
        self.client.send("count 100000")
        await self.client.line()
        self.client.reset()
        other = await self.connect()
        while sum("since" in line for line in await other.answers()) != 1:
            other.send("who")

    async def test_it_counts_only_so_far(self):
        for text in ["", "0", "-1", "100001", "9" * 100, "１２", "1.5", "x"]:
            with self.subTest(text):
                self.client.send(f"count {text}")
                self.assertEqual(await self.client.answers(), ["count takes a number from 1 to 100,000"])

    async def test_bye_is_the_end(self):
        self.client.send("bye", "echo never")
        self.assertEqual([await self.client.line(), await self.client.line()], ["Good-bye.", None])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
