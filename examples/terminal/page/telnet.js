// The telnet protocol: RFC 854 and 855, options by RFC 1143 without its queue.

const IAC = 255;
const [SE, SB, WILL, WONT, DO, DONT] = [240, 250, 251, 252, 253, 254];
const [BINARY, ECHO, SGA, TTYPE, NAWS] = [0, 1, 3, 24, 31];
const [IS, SEND] = [0, 1]; // RFC 1091
const CR = 13;
const LONGEST_SUBNEGOTIATION = 512; // bytes

const OURS = new Set([BINARY, SGA, TTYPE, NAWS]); // what this side can do
const THEIRS = new Set([BINARY, ECHO, SGA]); // what the other side is welcome to do

/** One connection. `send(bytes)` is called with what is to cross, also in answer to what receive() was given. */
export class Telnet {
  #send;
  #terminal;
  #size;
  #ours = new Set(); // options that are in force, or asked for
  #theirs = new Set();
  #state = "data";
  #sub; // bytes of a subnegotiation
  #afterCr = false;

  /** `terminal` is the type that the service is told, such as "xterm-256color"; the size is in characters. */
  constructor(send, terminal, columns, rows) {
    this.#send = send;
    this.#terminal = terminal;
    this.#size = [columns, rows];
  }

  /** The data among received bytes, however they are cut. */
  receive(bytes) {
    const data = new Uint8Array(bytes.length);
    let length = 0;
    for (const byte of bytes) {
      if (this.#take(byte)) data[length++] = byte;
    }
    return data.subarray(0, length);
  }

  /** Sends what was typed. */
  write(bytes) {
    const wire = [];
    for (const byte of bytes) {
      wire.push(byte);
      if (byte === IAC) wire.push(IAC);
      if (byte === CR && !this.#ours.has(BINARY)) wire.push(0);
    }
    this.#send(Uint8Array.from(wire));
  }

  resize(columns, rows) {
    this.#size = [columns, rows];
    if (this.#ours.has(NAWS)) this.#sendSize();
  }

  // Whether the byte is data.
  #take(byte) {
    switch (this.#state) {
      case "data": {
        const padding = this.#afterCr && byte === 0 && !this.#theirs.has(BINARY); // CR NUL is a CR
        this.#afterCr = byte === CR;
        if (byte !== IAC) return !padding;
        this.#state = "command";
        return false;
      }
      case "command":
        this.#state = "data";
        if (byte === IAC) return true;
        if (byte >= WILL) this.#state = byte;
        if (byte === SB) [this.#state, this.#sub] = ["sub", []];
        return false;
      case "sub":
        if (byte === IAC) this.#state = "command in sub";
        else this.#collect(byte);
        return false;
      case "command in sub":
        this.#state = byte === SE ? "data" : "sub";
        if (byte === IAC) this.#collect(byte);
        if (byte === SE) this.#subnegotiated();
        return false;
      default:
        this.#negotiate(this.#state, byte);
        this.#state = "data";
        return false;
    }
  }

  #collect(byte) {
    if (this.#sub.length < LONGEST_SUBNEGOTIATION) this.#sub.push(byte);
  }

  #negotiate(verb, option) {
    const [inForce, able, yes, no] = verb >= DO ? [this.#ours, OURS, WILL, WONT] : [this.#theirs, THEIRS, DO, DONT];
    const wanted = verb === DO || verb === WILL;
    if (wanted !== inForce.has(option)) { // otherwise it is an answer, or nothing new
      const agreed = wanted && able.has(option);
      if (agreed) inForce.add(option);
      else inForce.delete(option);
      this.#send(Uint8Array.of(IAC, agreed ? yes : no, option));
    }
    if (verb === DO && option === NAWS) this.#sendSize();
  }

  #subnegotiated() {
    const [option, verb] = this.#sub;
    if (option === TTYPE && verb === SEND) this.#sendSub(TTYPE, IS, ...new TextEncoder().encode(this.#terminal));
  }

  #sendSize() {
    this.#sendSub(NAWS, ...this.#size.flatMap((length) => [length >> 8, length & 255])); // RFC 1073
  }

  #sendSub(...bytes) {
    this.#send(Uint8Array.of(IAC, SB, ...bytes.flatMap((byte) => (byte === IAC ? [IAC, IAC] : byte)), IAC, SE));
  }
}
