// Node's ws as a peer: the tasks of peers_test.cpp.
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const WebSocket = require('ws');

const [task, port, trusted] = process.argv.slice(2);
const ca = fs.readFileSync(trusted);

// What happens to the socket: messages, pongs, and its end.
class Events {
  constructor(socket) {
    this.received = [];
    this.waiting = null;
    socket.on('message', (data, isBinary) => this.push({ data, isBinary }));
    socket.on('pong', (pong) => this.push({ pong }));
    socket.on('close', (code, reason) => this.push({ code, reason: reason.toString() }));
    socket.on('error', (error) => this.push({ error }));
  }

  push(event) {
    this.received.push(event);
    if (this.waiting) this.waiting();
  }

  async next() {
    while (this.received.length === 0) await new Promise((resolve) => { this.waiting = resolve; });
    const event = this.received.shift();
    if (event.error) throw event.error;
    return event;
  }
}

async function connect(path = '/desk', protocols = []) {
  const socket = new WebSocket(`wss://127.0.0.1:${port}${path}`, protocols, {
    ca, servername: 'bridge.test', headers: { Host: `bridge.test:${port}` }, origin: 'https://app.example.org',
    perMessageDeflate: false,
  });
  const events = new Events(socket);
  await new Promise((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('error', reject);
  });
  return { socket, events };
}

async function receive(events, size, isBinary = true) {
  const parts = [];
  for (let have = 0; have < size; have += parts.at(-1).length) {
    const event = await events.next();
    assert.strictEqual(event.isBinary, isBinary, JSON.stringify(event));
    parts.push(event.data);
  }
  return Buffer.concat(parts);
}

async function echo({ socket, events }, data) {
  socket.send(data);
  const bytes = Buffer.from(data);
  assert((await receive(events, bytes.length, typeof data !== 'string')).equals(bytes), `${bytes.length} bytes`);
}

async function close({ socket, events }, code, reason) {
  socket.close(code, reason);
  return events.next();
}

const tasks = {
  async binary() {
    const peer = await connect();
    for (const size of [1, 125, 126, 65535, 65536, 300000]) await echo(peer, crypto.randomBytes(size));
    await close(peer, 1000);
  },

  async text() {
    const peer = await connect('/text');
    await echo(peer, 'Zugbrücke über den Graben – 桥 🌉 '.repeat(1000));
    await close(peer, 1000);
  },

  async fragmented() {
    const peer = await connect();
    const pieces = [1, 1000, 70000, 5].map((size) => crypto.randomBytes(size));
    pieces.forEach((piece, i) => peer.socket.send(piece, { binary: true, fin: i === pieces.length - 1 }));
    assert((await receive(peer.events, 71006)).equals(Buffer.concat(pieces)));
    await close(peer, 1000);
  },

  async messages() {
    const { socket, events } = await connect('/messages');
    const receive = async (data) => {
      const event = await events.next();
      assert.strictEqual(event.isBinary, typeof data !== 'string');
      assert(event.data.equals(Buffer.from(data)), `${data.length} bytes`);
    };
    for (const size of [5, 0, 125, 65536, 300000]) {
      for (const data of ['t'.repeat(size), crypto.randomBytes(size)]) {
        socket.send(data);
        await receive(data);
      }
    }
    socket.send('first');
    socket.send(Buffer.from('second'));
    await receive('first');
    await receive(Buffer.from('second'));
    const pieces = [1, 1000, 70000, 5].map((size) => crypto.randomBytes(size));
    pieces.forEach((piece, i) => socket.send(piece, { binary: true, fin: i === pieces.length - 1 }));
    await receive(Buffer.concat(pieces));
    await close({ socket, events }, 1000);
  },

  async large() {
    const peer = await connect();
    await echo(peer, crypto.randomBytes(16 << 20));
    await close(peer, 1000);
  },

  async ping() {
    const peer = await connect();
    for (const data of ['', 'hello', 'x'.repeat(125)]) {
      peer.socket.ping(data);
      assert.strictEqual((await peer.events.next()).pong.toString(), data);
    }
    await close(peer, 1000);
  },

  async close() {
    const peer = await connect();
    await echo(peer, Buffer.from('last'));
    assert.strictEqual((await close(peer, 4001, 'had enough')).code, 4001);
  },

  async closed_by_backend() {
    const { events } = await connect('/bye');
    assert.strictEqual((await receive(events, 3)).toString(), 'bye');
    assert.deepStrictEqual(await events.next(), { code: 1000, reason: 'backend_closed' });
  },

  async subprotocol() {
    const peer = await connect('/protocols', ['chat', 'binary']);
    assert.strictEqual(peer.socket.protocol, 'binary');
    await close(peer, 1000);
  },

  async refused() {
    await assert.rejects(connect('/nothing'), /404/);
  },

  async reconnects() {
    for (let i = 0; i < 1000; ++i) {
      const peer = await connect();
      await echo(peer, Buffer.from(`connection ${i}`));
      await close(peer, 1000);
    }
  },
};

tasks[task]().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
