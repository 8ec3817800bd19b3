/** What a Close said. */
export interface Close {
  /** 1000 after a good end, 1006 where there was no Close; the rest in docs/troubleshooting.md. */
  readonly code: number;
  /** drawbridge's reason word, such as `backend_refused`; empty where there is none. */
  readonly word: string;
  /** Milliseconds to wait before another attempt, where drawbridge says so. */
  readonly retryAfter?: number;
  readonly wasClean: boolean;
}

/** The end of a connection that was not a good one. */
export class DrawbridgeError extends Error implements Close {
  constructor(close: Partial<Close> & { code: number }, message?: string);
  readonly code: number;
  readonly word: string;
  readonly retryAfter?: number;
  readonly wasClean: boolean;
}

/** Delays in milliseconds: `min` after the first failure, `factor` times as long after each further one, `max` at most. */
export interface BackOff {
  min: number;
  max: number;
  factor: number;
  /** 0 to 1: the share of each delay that chance may take away. */
  jitter: number;
}

export interface Reconnection extends BackOff {
  /** After how many failures in a row to give up. */
  attempts: number;
  /** Milliseconds after which a connection counts as a good one, so that the delays begin anew. */
  stable: number;
}

export interface DrawbridgeOptions {
  /** Subprotocols to offer. */
  protocols?: string | string[];
  /** Sent as a subprotocol entry. A function is asked before each connection; if it fails, so does the socket. */
  token?: string | (() => string | Promise<string>);
  /** Off by default. `true` is `{ min: 500, max: 30_000, factor: 2, jitter: 0.5, attempts: Infinity, stable: 5_000 }`. */
  reconnect?: boolean | Partial<Reconnection>;
  /** Ends everything when it aborts. */
  signal?: AbortSignal;
  /** Make `readable` yield strings. */
  text?: boolean;
  /** Bytes that may wait in the browser before `writable` does. Default 1 MiB. */
  highWater?: number;
  /** Bytes that may have arrived without having been read; beyond them the socket ends. Default 64 MiB. */
  maxBuffered?: number;
  /** Another WebSocket than the global one, such as that of the package `ws`. */
  WebSocket?: new (url: string, protocols?: string | string[]) => any;
}

export interface Connection<Chunk = Uint8Array> {
  readonly readable: ReadableStream<Chunk>;
  /** Bytes are sent as binary messages, strings as text messages. */
  readonly writable: WritableStream<BufferSource | string>;
  /** The subprotocol that was chosen, or an empty string. */
  readonly protocol: string;
}

export interface DrawbridgeEventMap<Chunk = Uint8Array> {
  /** A connection, with streams of its own. */
  open: Event & Connection<Chunk>;
  /** Its end, or that of an attempt. `delay`: milliseconds until the next attempt, if there will be one. */
  close: Event & Close & { readonly willReconnect: boolean; readonly delay?: number };
  /** Another attempt begins, the first of which after a good connection is 1. */
  reconnecting: Event & { readonly attempt: number };
}

/** A connection; with `reconnect`, one after the other. `Chunk` is `string` with the option `text`. */
export class DrawbridgeSocket<Chunk extends Uint8Array | string = Uint8Array> extends EventTarget {
  constructor(url: string | URL, options?: DrawbridgeOptions);
  /** Comes to the first connection. */
  readonly opened: Promise<Connection<Chunk>>;
  /** Comes to the Close after a good end; rejects with a DrawbridgeError, or with what `signal` or `abort()` was given. */
  readonly closed: Promise<{ code: number; word: string }>;
  /** Sends what was written, then ends in good order. Returns `closed`. */
  close(): Promise<{ code: number; word: string }>;
  addEventListener<Type extends keyof DrawbridgeEventMap>(
    type: Type, listener: (event: DrawbridgeEventMap<Chunk>[Type]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

/** What the event `close` of a bare WebSocket says. */
export function readClose(event: { code: number; reason?: string; wasClean?: boolean }): Close;

/** Whether another connection may fare better. `freshToken`: it would bring a new token. */
export function retryHelps(close: Pick<Close, "code" | "word" | "retryAfter">, freshToken?: boolean): boolean;

/** Milliseconds to wait after `failures` in a row; `random` is one of [0, 1). */
export function backOff(failures: number, settings?: BackOff, random?: number): number;
