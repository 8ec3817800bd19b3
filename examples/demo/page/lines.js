// Chunks of text become lines without their ends. A chunk is a piece of a stream: it may hold many lines, or half of one.

const longest = 65536; // characters without an end, after which the stream is broken

export class LineStream extends TransformStream {
  constructor() {
    let rest = "";
    super({
      transform(chunk, controller) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop();
        if (rest.length > longest) throw new RangeError(`a line of more than ${longest} characters`);
        for (const line of lines) controller.enqueue(line);
      },
      // What has no end is no line.
    });
  }
}
