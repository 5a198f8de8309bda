// Messages by the phone they went to, and what the next ones to that phone will meet.

import { pill, verdictButton } from "./carrier-parts.js";
import { chooseCodes } from "./carrier-verdicts.js";
import { h, sync } from "./dom.js";
import { clockTimeSeconds } from "./time.js";

const SHOWN = 5;
const STOPS = [
  { code: 30007, title: "Filtered as unwanted" },
  { code: 30003, title: "Phone out of reach" },
  { code: 30005, title: "Unknown phone" },
  { code: 30006, title: "Landline" },
  { code: 30008, title: "Unknown error" },
];

export class MessageList {
  /** `act(path, body)` tells the local Twilio. */
  constructor(act) {
    this.act = act;
    this.empty = h("p", { class: "nothing" }, "None yet. Send one with /a2p-message test.");
    this.list = h("div", { class: "phones" });
    this.element = h("div", {}, this.empty, this.list);
  }

  draw(state) {
    const known = new Map((state.phones ?? []).map((phone) => [phone.phone_number, phone]));
    const messages = state.messages ?? [];
    const numbers = [...new Set([...messages.map((message) => message.to), ...known.keys()])];
    const phones = numbers.map((number) => ({
      number,
      meets: known.get(number),
      messages: messages.filter((message) => message.to === number).slice(0, SHOWN),
    }));
    this.empty.hidden = phones.length > 0;
    sync(this.list, phones, {
      key: (phone) => phone.number,
      sign: (phone) => JSON.stringify(phone),
      render: (phone) => this.#phone(phone),
    });
  }

  #phone({ number, meets, messages }) {
    const tell = (more) => this.act("/_desk/phone", { phone_number: number, ...more });
    const stop = async () => {
      const chosen = await chooseCodes({ title: `Messages to ${number} are stopped`, codes: STOPS, action: "Stop" });
      if (chosen) await tell({ code: chosen[0].code });
    };
    const isStopped = Boolean(meets?.code);
    const isSilent = meets?.receipt === false && !isStopped;
    const button = (words, verdict, run) =>
      verdictButton(words, { of: number, testid: `${verdict}-${number}`, kind: "button-quiet", run });
    return h(
      "article",
      { class: "phone", dataset: { testid: `phone-${number}` } },
      h(
        "div",
        { class: "campaign-head" },
        h("b", {}, number),
        h("span", { class: "muted" }, meetsWords(meets)),
      ),
      h(
        "div",
        { class: "verdicts" },
        isStopped || isSilent ? button("Let them arrive", "arrive", () => tell({})) : null,
        isSilent ? null : button("No receipt", "silent", () => tell({ receipt: false })),
        button("Stop them…", "stop", stop),
      ),
      messages.length ? h("ul", { class: "texts-sent" }, messages.map(line)) : null,
    );
  }
}

function meetsWords(meets) {
  if (meets?.code) return `the next ones end with ${meets.code}`;
  if (meets?.receipt === false) return "its carrier gives no receipt";
  return "the next ones arrive, if carriers let their sender through";
}

function line(message) {
  const at = new Date(message.date_created);
  return h(
    "li",
    { title: message.sid },
    h("time", {}, clockTimeSeconds(at)),
    pill(message.status),
    message.error_code ? h("b", {}, String(message.error_code)) : null,
    h("span", { class: "muted" }, message.from ? `from ${message.from}` : ""),
    h("span", { class: "said" }, message.body),
  );
}
