// RESP 3, the protocol of Redis: https://redis.io/docs/reference/protocol-spec

const LONGEST_LINE = 64 * 1024; // bytes

/** What Redis answers with an error: its message begins with a word such as NOPERM. */
export class ReplyError extends Error {}

/** What arrives without having been asked for, such as a message of a channel: an array. */
export class Push extends Array {}

/** A command as it crosses. */
export function command(...words) {
  const encoder = new TextEncoder();
  const parts = words.map((word) => encoder.encode(word));
  return encoder.encode(`*${words.length}\r\n${words.map((word, i) => `$${parts[i].length}\r\n${word}\r\n`).join("")}`);
}

/** The replies in a stream of bytes, however it is cut. Ends with the stream; one that is no RESP is a SyntaxError. */
export async function* replies(readable) {
  const source = new Source(readable);
  while (await source.more()) yield await reply(source);
}

async function reply(source) {
  const line = await source.line();
  const rest = line.slice(1);
  switch (line[0]) {
    case "+": return rest;
    case "-": return new ReplyError(rest);
    case ":": case ",": return Number(rest);
    case "(": return BigInt(rest);
    case "#": return rest === "t";
    case "_": return null;
    case "$": return text(source, size(rest));
    case "!": return new ReplyError(await text(source, size(rest)));
    case "=": return (await text(source, size(rest))).slice("txt:".length);
    case "*": return size(rest) < 0 ? null : several(source, size(rest));
    case "~": return new Set(await several(source, size(rest)));
    case ">": return Push.from(await several(source, size(rest)));
    case "%": return new Map(pairs(await several(source, 2 * size(rest))));
    case "|": await several(source, 2 * size(rest)); return reply(source); // attributes of the reply that follows
    default: throw new SyntaxError(`no RESP: ${JSON.stringify(line.slice(0, 40))}`);
  }
}

async function text(source, bytes) {
  if (bytes < 0) return null;
  const content = new TextDecoder().decode(await source.bytes(bytes));
  if (await source.line() !== "") throw new SyntaxError("no RESP: longer than it said");
  return content;
}

async function several(source, count) {
  const found = [];
  while (found.length < count) found.push(await reply(source));
  return found;
}

function size(digits) {
  if (!/^(-1|\d{1,15})$/.test(digits)) throw new SyntaxError(`no RESP: ${JSON.stringify(digits)} is no size`);
  return Number(digits);
}

function* pairs(flat) {
  for (let i = 0; i < flat.length; i += 2) yield [flat[i], flat[i + 1]];
}

// A stream of chunks, to be taken by lines and by counts.
class Source {
  #reader;
  #chunk = new Uint8Array();

  constructor(readable) {
    this.#reader = readable.getReader();
  }

  /** Whether there is anything left. */
  async more() {
    while (this.#chunk.length === 0) {
      const { value, done } = await this.#reader.read();
      if (done) return false;
      this.#chunk = value;
    }
    return true;
  }

  /** Without its \r\n. */
  async line() {
    const taken = [];
    for (let length = 0; ;) {
      await this.#need();
      const end = this.#chunk.indexOf(10);
      const piece = this.#take(end < 0 ? this.#chunk.length : end + 1);
      taken.push(piece);
      length += piece.length;
      if (length > LONGEST_LINE) throw new SyntaxError("no RESP: a line without an end");
      if (end >= 0) break;
    }
    return new TextDecoder().decode(joined(taken)).replace(/\r\n$/, "");
  }

  /** Nothing is set aside for what is merely announced. */
  async bytes(count) {
    const taken = [];
    while (count > 0) {
      await this.#need();
      const piece = this.#take(count);
      taken.push(piece);
      count -= piece.length;
    }
    return joined(taken);
  }

  async #need() {
    if (!await this.more()) throw new SyntaxError("no RESP: it ends in the midst of a reply");
  }

  #take(most) {
    const piece = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(piece.length);
    return piece;
  }
}

function joined(pieces) {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
