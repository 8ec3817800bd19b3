// The messages of IRC, as RFC 2812 has them.

const LONGEST_TEXT = 400; // bytes: a line is 512 at most, with its end and what the server puts before it

/** The lines of a stream of bytes, however it is cut, without their ends. */
export async function* lines(readable) {
  const reader = readable.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const line of parts) yield line.replace(/\r$/, "");
  }
}

/** `{ from, command, params }`; `from` is a nick or a server, or nothing. */
export function parse(line) {
  const [, , prefix, command, middle, trailing] = /^(@\S+ +)?(?::(\S+) +)?(\w+)((?: +[^:\s]\S*)*)(?: +:(.*))? *$/.exec(line) ?? [];
  if (command === undefined) return { command: "", params: [] };
  const params = middle.split(" ").filter(Boolean);
  return { from: prefix?.split("!")[0], command, params: trailing === undefined ? params : [...params, trailing] };
}

/** A line as it crosses. A line break in a word would make it two commands. */
export function message(command, ...params) {
  const words = [command, ...params].map((word) => word.replace(/[\r\n\0]/g, " "));
  if (params.length > 0) words.push(`:${words.pop()}`);
  return new TextEncoder().encode(`${words.join(" ")}\r\n`);
}

/** A text in pieces that fit into a line, cut between characters. */
export function pieces(text) {
  const found = [""];
  const encoder = new TextEncoder();
  let bytes = 0;
  for (const character of text) {
    const more = encoder.encode(character).length;
    if (bytes + more > LONGEST_TEXT) {
      found.push("");
      bytes = 0;
    }
    found[found.length - 1] += character;
    bytes += more;
  }
  return found;
}
