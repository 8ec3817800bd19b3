// What a page's script finds in a browser, for the examples of the manuals: `node browser.mjs SCRIPT OPTIONS`, where
// the options are JSON. The socket is that of Node's ws; what a browser sends by itself is added to it. Prints what happens
// to the script's `socket` as JSON, a line each.
import { readFileSync } from 'fs';
import { createRequire } from 'module';

const Ws = createRequire(import.meta.url)('ws');
const [file, json] = process.argv.slice(2);
const options = JSON.parse(json);

function tell(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

class WebSocket extends Ws {
  constructor(url, protocols = []) {
    super(url.replace('wss://bridge.example.org:8443', options.address), protocols, {
      servername: 'bridge.example.org',
      origin: 'https://app.example.org',
      localAddress: options.from,
      headers: { Host: 'bridge.example.org:8443', ...options.headers },
      ca: readFileSync(options.ca),
      ...(options.pfx ? { pfx: readFileSync(options.pfx), passphrase: options.passphrase } : {}),
    });
    this.on('open', () => {
      tell({ opened: this.protocol });
      this.send('across');
    });
    this.on('message', (data) => {
      tell({ message: data.toString() });
      if (!options.stays) this.close(1000);
    });
    this.on('close', (code, reason) => tell({ closed: code, reason: reason.toString() }));
    this.on('error', (error) => tell({ error: error.message }));
    this.on('unexpected-response', (request, response) => {
      let body = '';
      response.on('data', (piece) => { body += piece; });
      response.on('end', () => {
        tell({ status: response.statusCode, headers: response.headers, ...JSON.parse(body) });
        process.exit();
      });
    });
  }
}

const page = { WebSocket, fetch: async () => ({ text: async () => options.token }) };
const AsyncFunction = (async () => {}).constructor;
await new AsyncFunction(...Object.keys(page), readFileSync(file, 'utf8'))(...Object.values(page));
