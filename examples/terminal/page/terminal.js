import { say, stayConnected } from "/shared/connection.js";
import { FitAddon } from "/xterm.js/addon-fit/lib/addon-fit.mjs";
import { Terminal } from "/xterm.js/xterm/lib/xterm.mjs";
import { Telnet } from "./telnet.js";

const find = (selector) => document.querySelector(selector);
const fit = new FitAddon();
let telnet; // while there is a connection

export const terminal = new Terminal({ cursorBlink: true, scrollback: 5000, theme: { background: "#14171a" } });
terminal.loadAddon(fit);
terminal.open(find("#terminal"));
new ResizeObserver(() => fit.fit()).observe(find("#terminal"));
terminal.onResize(({ cols, rows }) => telnet?.resize(cols, rows));
terminal.onData((text) => telnet?.write(new TextEncoder().encode(text)));
terminal.onBinary((text) => telnet?.write(Uint8Array.from(text, (each) => each.charCodeAt(0)))); // reports of the mouse
find("#connect").addEventListener("click", connect);
connect();

function connect() {
  find("#connect").hidden = true;
  terminal.reset();
  terminal.focus();
  const end = stayConnected("/telnet", talk, () => { // somebody has logged out
    end();
    find("#connect").hidden = false;
    find("#connect").focus();
  });
}

async function talk({ readable, writable }) {
  const writer = writable.getWriter();
  const send = (bytes) => writer.write(bytes).catch(() => {}); // the end is shown in any case
  telnet = new Telnet(send, "xterm-256color", terminal.cols, terminal.rows);
  try {
    for (let reader = readable.getReader(), first = true; ; first = false) {
      const { value, done } = await reader.read();
      if (done) break;
      if (first) say("connected", "good");
      const data = telnet.receive(value);
      // The next bytes are taken when these are on the screen, so that no more than `maxBuffered` waits in the page.
      await new Promise((shown) => terminal.write(data, shown));
    }
  } finally {
    telnet = undefined;
  }
}
