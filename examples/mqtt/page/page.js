import { connect } from "./broker.js";

const MOST_TOPICS = 200;
const REFUSED = 128; // instead of a granted QoS, MQTT 3.1.1, 3.9.3

const find = (selector) => document.querySelector(selector);
const topics = new Map(); // by name: { row, message, qos, count }
const client = connect();

client.on("message", (name, payload, { qos }) => {
  const topic = topics.get(name) ?? added(name);
  if (!topic) return;
  ++topic.count;
  Object.assign(topic, { message: payload.toString(), qos });
  topic.drawing ??= requestAnimationFrame(() => draw(topic)); // at most once a frame
});

find("#subscribe").addEventListener("submit", (event) => {
  event.preventDefault();
  subscribe();
});

find("#publish").addEventListener("submit", async (event) => {
  event.preventDefault();
  const [topic, message, qos] = ["#topic", "#message", "#qos"].map((each) => find(each).value);
  try {
    await client.publishAsync(topic, message, { qos: Number(qos) });
    find("#published").textContent = qos === "0" ? "sent" : "published: the broker has it";
  } catch (error) {
    find("#published").textContent = error.message;
  }
});

subscribe();

async function subscribe() {
  const filter = find("#filter").value;
  const told = find("#subscribed");
  try {
    const [{ qos }] = await client.subscribeAsync(filter, { qos: 1 });
    told.textContent = qos === REFUSED ? `the broker refuses ${filter}` : `subscribed to ${filter} with QoS ${qos}`;
  } catch (error) {
    told.textContent = error.message;
  }
}

function added(name) {
  if (topics.size === MOST_TOPICS) return undefined;
  const row = find("#topics").insertRow();
  for (let i = 0; i < 4; ++i) row.insertCell();
  row.cells[0].textContent = name;
  find("#empty").hidden = true;
  const topic = { row, count: 0 };
  topics.set(name, topic);
  return topic;
}

function draw(topic) {
  const { row, message, qos, count } = topic;
  topic.drawing = undefined;
  [message, qos, count].forEach((each, i) => { row.cells[i + 1].textContent = each; });
}
