"""python3-websockets as a peer: the tasks of peers_test.cpp."""

import asyncio
import os
import ssl
import sys

import websockets

PORT = int(sys.argv[2])
CONTEXT = ssl.create_default_context(cafile=sys.argv[3])


def connect(path="/desk", **options):
    return websockets.connect(
        f"wss://bridge.test:{PORT}{path}", host="127.0.0.1", port=PORT, ssl=CONTEXT, server_hostname="bridge.test",
        origin="https://app.example.org", max_size=None, **options)


async def receive(socket, size):
    parts, have = [], 0
    while have < size:
        part = await socket.recv()
        parts.append(part)
        have += len(part)
    return type(parts[0])().join(parts)


async def echo(socket, data):
    sending = asyncio.ensure_future(socket.send(data))
    assert await receive(socket, len(data)) == data, len(data)
    await sending


async def binary():
    async with connect() as socket:
        for size in (1, 125, 126, 65535, 65536, 300000):
            await echo(socket, os.urandom(size))


async def text():
    async with connect("/text") as socket:
        await echo(socket, "Zugbrücke über den Graben – 桥 🌉 " * 1000)


async def fragmented():
    async with connect() as socket:
        pieces = [os.urandom(size) for size in (1, 1000, 70000, 5)]
        await socket.send(iter(pieces))
        assert await receive(socket, 71006) == b"".join(pieces)


async def messages():
    async with connect("/messages") as socket:
        for size in (5, 0, 125, 65536, 300000):
            for data in ("t" * size, os.urandom(size)):
                await socket.send(data)
                assert await socket.recv() == data, size
        await socket.send("first")
        await socket.send(b"second")
        assert await socket.recv() == "first"
        assert await socket.recv() == b"second"
        pieces = [os.urandom(size) for size in (1, 1000, 70000, 5)]
        await socket.send(iter(pieces))
        assert await socket.recv() == b"".join(pieces)


async def large():
    async with connect() as socket:
        await echo(socket, os.urandom(16 << 20))


async def ping():
    async with connect() as socket:
        for data in (b"", b"hello", b"x" * 125):
            pong = await socket.ping(data)
            await pong


async def close():
    async with connect() as socket:
        await echo(socket, b"last")
        await socket.close(4001, "had enough")
        assert socket.close_code == 4001, socket.close_code


async def closed_by_backend():
    async with connect("/bye") as socket:
        assert await receive(socket, 3) == b"bye"
        try:
            await socket.recv()
            raise AssertionError("no close")
        except websockets.ConnectionClosedOK as end:
            assert (end.rcvd.code, end.rcvd.reason) == (1000, "backend_closed"), end


async def subprotocol():
    async with connect("/protocols", subprotocols=["chat", "binary"]) as socket:
        assert socket.subprotocol == "binary", socket.subprotocol


async def refused():
    try:
        async with connect("/nothing"):
            raise AssertionError("let in")
    except websockets.InvalidStatusCode as refusal:
        assert refusal.status_code == 404, refusal


async def reconnects():
    for i in range(1000):
        async with connect() as socket:
            await echo(socket, b"connection %d" % i)


asyncio.run(globals()[sys.argv[1]]())
