// Event Streams and status callbacks: who is told of what, what came of it, and what goes wrong on the way.

import { pill, sidNode, verdictButton } from "./carrier-parts.js";
import { h, sync } from "./dom.js";
import { icon } from "./icons.js";
import { clockTimeSeconds } from "./time.js";

const SHARES = [0, 0.25, 0.5, 1];
const COMMON = "com.twilio.messaging.compliance.";

export class EventPanel {
  /** `act(path, body)` tells the local Twilio. */
  constructor(act) {
    this.act = act;
    this.switches = {
      paused: this.#check("paused", "Hold events back"),
      shuffle: this.#check("shuffle", "In any order"),
      duplicate: this.#share("duplicate", "Sent twice"),
      drop: this.#share("drop", "Lost"),
    };
    this.counts = h("p", { class: "nothing", dataset: { testid: "events-counts" } });
    this.empty = h("p", { class: "nothing" }, "No sink yet. Ask the bot to set up Event Streams.");
    this.sinks = h("div", { class: "sinks" });
    this.deliveries = h("ul", { class: "told", dataset: { testid: "events-sent" } });
    this.callbacks = h("ul", { class: "told", dataset: { testid: "callbacks-sent" } });
    this.sent = group("Events sent", this.deliveries);
    this.called = group("Message callbacks sent", this.callbacks);
    this.element = h(
      "div",
      {},
      h("div", { class: "switches" }, Object.values(this.switches).map((each) => each.element), this.counts),
      this.empty,
      this.sinks,
      this.sent,
      this.called,
    );
  }

  draw({ events }) {
    if (!events) return;
    for (const [name, { control, read }] of Object.entries(this.switches)) {
      // Whoever is choosing right now is not disturbed.
      if (document.activeElement !== control) read(events.switches[name]);
    }
    this.counts.textContent = `${events.waiting} held back, ${events.lost} lost`;
    this.empty.hidden = events.sinks.length > 0;
    const of = (sink) => events.subscriptions.filter((each) => each.sink_sid === sink.sid);
    sync(this.sinks, events.sinks, {
      key: (sink) => sink.sid,
      sign: (sink) => JSON.stringify([sink, of(sink)]),
      render: (sink) => this.#sink(sink, of(sink)),
    });
    const same = { key: (row) => row.key, sign: (row) => JSON.stringify(row) };
    sync(this.deliveries, events.deliveries.map(keyed), { ...same, render: delivery });
    sync(this.callbacks, events.callbacks.map(keyed), { ...same, render: callback });
    this.sent.hidden = events.deliveries.length === 0;
    this.called.hidden = events.callbacks.length === 0;
  }

  #sink(sink, subscriptions) {
    const button = (words, status) =>
      verdictButton(words, {
        of: sink.description || sink.sid,
        testid: `sink-${status}-${sink.sid}`,
        kind: "button-quiet",
        run: () => this.act("/_desk/sink", { sink_sid: sink.sid, status }),
      });
    return h(
      "article",
      { class: "sink", dataset: { testid: `sink-${sink.sid}` } },
      h("header", { class: "service-head" }, h("h3", {}, sink.description || "Sink"), sidNode(sink.sid)),
      h(
        "div",
        { class: "campaign-head" },
        pill(sink.status),
        h("span", { class: "muted destination" }, sink.destination),
      ),
      subscriptions.length
        ? subscriptions.map(subscribed)
        : h("p", { class: "nothing" }, "Nobody has subscribed to anything for it."),
      h(
        "div",
        { class: "verdicts" },
        sink.status === "failed" ? null : button("Make it fail", "failed"),
        sink.status === "active" ? null : button("Make it active", "active"),
      ),
    );
  }

  #check(name, words) {
    const control = h("input", {
      type: "checkbox",
      dataset: { testid: `events-${name}` },
      on: { change: () => this.act("/_desk/events", { [name]: control.checked }) },
    });
    const read = (value) => {
      control.checked = value;
    };
    return { control, read, element: h("label", { class: "choice" }, control, h("span", {}, words)) };
  }

  #share(name, words) {
    const control = h(
      "select",
      {
        class: "desk-account",
        dataset: { testid: `events-${name}` },
        on: { change: () => this.act("/_desk/events", { [name]: Number(control.value) }) },
      },
      SHARES.map((share) => h("option", { value: String(share) }, share ? `${share * 100} %` : "never")),
    );
    const read = (value) => {
      const known = [...control.options].some((option) => Number(option.value) === value);
      if (!known) control.append(h("option", { value: String(value) }, `${value * 100} %`));
      control.value = String(value);
    };
    return { control, read, element: h("label", { class: "share-of" }, words, control) };
  }
}

/** The mail with which somebody at a brand confirms it; `act(path, body)` tells the local Twilio. */
export function mailEvents(brand, name, events, act) {
  if (!events?.length) return null;
  const button = (event) =>
    verdictButton(event.replace("email-2fa-", ""), {
      of: `mail of ${name}`,
      testid: `${event}-${brand.sid}`,
      kind: "button-quiet",
      run: () => act("/_desk/event", { brand_sid: brand.sid, event }),
    });
  return h(
    "details",
    { class: "texts", dataset: { fold: `mail-${brand.sid}` } },
    h("summary", {}, icon("chevron", 14), "Mail to its contact"),
    h("div", { class: "verdicts" }, events.map(button)),
  );
}

/** Traffic that nobody has sent, told to whoever listens to the service; `act(path, body)` tells the local Twilio. */
export function trafficSwitches(service, act) {
  if (!service.status_callback) {
    const how =
      "To make up traffic, set its status callback (/a2p-service update) to the address under Event Streams, " +
      "with /twilio/status/ for /twilio/events/ and without what stands before the @.";
    return h("p", { class: "nothing" }, how);
  }
  const name = service.friendly_name ?? service.sid;
  const number = service.numbers?.[0]?.sid;
  const button = (words, kind, body) =>
    verdictButton(words, {
      of: `traffic of ${name}`,
      testid: `traffic-${kind}-${service.sid}`,
      kind: "button-quiet",
      run: () => act("/_desk/traffic", { count: 20, ...body }),
    });
  return h(
    "div",
    { class: "verdicts" },
    h("span", { class: "nothing", title: service.status_callback }, "Make up 20 messages:"),
    button("Delivered", "delivered", { service_sid: service.sid }),
    button("Stopped with 30034", "stopped", { service_sid: service.sid, code: 30034 }),
    number ? button("Past the service", "past", { number }) : null,
  );
}

function subscribed(row) {
  const types = row.types.map((type) => h("li", {}, type.replace(COMMON, "")));
  return h(
    "details",
    { class: "texts", dataset: { fold: `subscription-${row.sid}` } },
    h("summary", {}, icon("chevron", 14), `${row.description || row.sid}: ${row.types.length} types of events`),
    h("ul", {}, types),
  );
}

function group(title, list) {
  return h("section", { class: "told-group" }, h("h3", {}, title), list);
}

function keyed(row) {
  const what = row.events ? row.events.map((event) => event.id).join(" ") : JSON.stringify(row.fields);
  return { ...row, key: `${row.at} ${row.attempt ?? ""} ${what}` };
}

function delivery(row) {
  const names = row.events.map((event) => event.type.replace(COMMON, ""));
  const words = row.attempt > 1 ? `try ${row.attempt}${row.last && !taken(row) ? ", given up" : ""}` : "";
  return line(row, names.join(", "), words, JSON.stringify(row.events, null, 2));
}

function callback(row) {
  const { MessageStatus: status, To: to, ErrorCode: code, MessagingServiceSid: service } = row.fields;
  const what = [status, code, `to ${to}`, service ? "" : "past the service"].filter(Boolean).join(" ");
  return line(row, what, "", JSON.stringify(row.fields, null, 2));
}

const taken = (row) => row.status >= 200 && row.status < 300;

function line(row, what, words, more) {
  return h(
    "li",
    {},
    h(
      "details",
      { dataset: { fold: row.key } },
      h(
        "summary",
        {},
        h("time", {}, clockTimeSeconds(new Date(row.at * 1000))),
        h("span", { class: "what" }, what),
        h("span", { class: "muted" }, words),
        h("span", { class: `http${taken(row) ? "" : " http-bad"}`, title: row.error }, row.status || row.error),
      ),
      h("pre", {}, more),
    ),
  );
}
