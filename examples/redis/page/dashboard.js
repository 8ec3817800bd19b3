import { say, stayConnected } from "/shared/connection.js";
import { command, Push, replies, ReplyError } from "./resp.js";

const PREFIX = "metrics:";
const KEPT = 60; // values of a channel
const MOST_CHANNELS = 100;

const find = (selector) => document.querySelector(selector);
const channels = new Map(); // by name: { card, values, count }
let publish; // while there is a connection

stayConnected("/redis", async ({ readable, writable }) => {
  const writer = writable.getWriter();
  const asked = []; // what is done with each answer, in the order of the questions
  const ask = (...words) => new Promise((resolve, reject) => {
    asked.push({ resolve, reject });
    writer.write(command(...words)).catch(reject);
  });

  // The user `dashboard` may subscribe and publish below metrics: and nothing else, see redis.conf.
  ask("HELLO", "3", "AUTH", "dashboard", "")
    .then(() => {
      writer.write(command("PSUBSCRIBE", `${PREFIX}*`)); // it is answered by a Push
      publish = (channel, message) => ask("PUBLISH", PREFIX + channel, message);
    })
    .catch((error) => error instanceof ReplyError && say(error.message, "bad"));

  try {
    for await (const reply of replies(readable)) {
      if (reply instanceof ReplyError) asked.shift().reject(reply);
      else if (!(reply instanceof Push)) asked.shift().resolve(reply);
      else if (reply[0] === "pmessage") show(reply[2], reply[3]);
      else if (reply[0] === "psubscribe") ready();
    }
  } finally {
    find("#publish button").disabled = true;
    for (const { reject } of asked) reject(new Error("the connection ended before the answer"));
  }
});

function ready() {
  say("connected", "good");
  find("#publish button").disabled = false;
}

find("#publish").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const heard = await publish(find("#channel").value, find("#message").value);
    find("#answer").textContent = `published, ${heard} ${heard === 1 ? "listener" : "listeners"}`;
  } catch (error) {
    find("#answer").textContent = error.message;
  }
});

function show(name, message) {
  const channel = channels.get(name) ?? added(name);
  if (!channel) return;
  ++channel.count;
  channel.latest = message;
  const value = Number(message);
  if (message.trim() !== "" && Number.isFinite(value)) channel.values = [...channel.values, value].slice(-KEPT);
  // A thousand messages a second are still one picture a frame.
  channel.drawing ??= requestAnimationFrame(() => draw(channel));
}

function added(name) {
  if (channels.size === MOST_CHANNELS) return undefined;
  const card = find("#channel-card").content.cloneNode(true).firstElementChild;
  card.querySelector("h2").textContent = name.slice(PREFIX.length);
  const channel = { card, values: [], count: 0 };
  channels.set(name, channel);
  find("#empty").hidden = true;
  find("#channels").append(card);
  return channel;
}

function draw(channel) {
  const { card, values, count, latest } = channel;
  channel.drawing = undefined;
  card.querySelector(".latest").textContent = latest;
  card.querySelector(".count").textContent = `${count} ${count === 1 ? "message" : "messages"}`;
  if (values.length === 0) return;
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const points = values.map((value, i) => `${KEPT - values.length + i},${19 - 18 * (value - least) / (most - least || 1)}`);
  card.querySelector("polyline").setAttribute("points", points.join(" "));
  card.querySelector(".range").textContent = least === most ? "" : `${least} to ${most}`;
}
