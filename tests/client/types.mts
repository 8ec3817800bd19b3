// Compiled, not run: the types of client/drawbridge.d.ts as a page uses them, and what they must refuse.
import { backOff, DrawbridgeError, DrawbridgeSocket, readClose, retryHelps } from "../../client/drawbridge.js";

const socket = new DrawbridgeSocket("wss://bridge.example.org/desk", {
  protocols: ["binary"],
  token: async () => "t",
  reconnect: { min: 100, attempts: 3 },
  signal: new AbortController().signal,
});
const { readable, writable, protocol } = await socket.opened;
const bytes: ReadableStream<Uint8Array> = readable;
const words: string = protocol;
await writable.getWriter().write(new Uint8Array(1));
await writable.getWriter().write("text");
// @ts-expect-error: neither bytes nor text
await writable.getWriter().write(7);

socket.addEventListener("open", (event) => event.readable.getReader());
socket.addEventListener("close", ({ code, word, willReconnect, delay, retryAfter, wasClean }) => {
  const numbers: (number | undefined)[] = [code, delay, retryAfter];
  const flags: boolean[] = [willReconnect, wasClean];
  return [numbers, flags, word.length];
});
socket.addEventListener("reconnecting", ({ attempt }) => attempt + 1);
// @ts-expect-error: it is a number
socket.addEventListener("reconnecting", ({ attempt }) => attempt.length);

const chat = new DrawbridgeSocket<string>("wss://bridge.example.org/chat", { text: true, WebSocket });
const strings: ReadableStream<string> = (await chat.opened).readable;
// @ts-expect-error: no such option
new DrawbridgeSocket("wss://bridge.example.org/desk", { highwater: 1 });

try {
  const { code }: { code: number } = await socket.close();
} catch (error) {
  if (error instanceof DrawbridgeError) console.log(error.code, error.word, error.retryAfter);
}
const close = readClose(new CloseEvent("close", { code: 1012, reason: "drain" }));
if (retryHelps(close)) setTimeout(() => {}, backOff(0) + (close.retryAfter ?? 0));
console.log(bytes, words, strings);
