"""Starts all services, each on a free port of loopback, and prints `NAME PORT` of each, a line each.
Usage: python3 examples/demo/services
"""

import asyncio

import arena
import chat
import lines
import shell
import ticker

SERVICES = {"chat": chat, "ticker": ticker, "arena": arena, "shell": shell}


async def main():
    servers = [(name, await lines.listen(service.serve)) for name, service in SERVICES.items()]
    for name, server in servers:
        print(name, server.sockets[0].getsockname()[1], flush=True)
    await asyncio.gather(*(server.serve_forever() for _, server in servers))


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
