// Faults: what the next calls to the local Twilio meet.

import { freshId, h, sync } from "./dom.js";
import { icon } from "./icons.js";

const PRESETS = [
  { words: "Slow, 5 s", values: { delay: 5 } },
  { words: "429, too many", values: { status: 429, code: 20429, retry_after: 2 } },
  { words: "500", values: { status: 500 } },
  { words: "503", values: { status: 503 } },
  { words: "Drop before effect", values: { drop: "drop" } },
  { words: "Drop after effect", values: { drop: "drop_after_effect" } },
  { words: "500 after effect", values: { status: 500, drop: "after_effect" } },
];
const MATCHES = [
  "POST /v1/Services$",
  "/PhoneNumbers",
  "/Compliance/Usa2p",
  "/PreregisteredUsa2p",
  "/Messages.json",
  "GET /v1/a2p/BrandRegistrations",
  "/IncomingPhoneNumbers",
  "POST",
  "GET",
  "DELETE",
];

export class FaultPanel {
  constructor(act) {
    this.act = act;
    this.fields = {};
    this.list = h("div", { class: "faults" });
    this.clear = h(
      "button",
      {
        type: "button",
        class: "button button-small",
        hidden: true,
        dataset: { testid: "fault-clear" },
        on: { click: () => this.act("/_desk/fault", undefined, "DELETE") },
      },
      "Clear all",
    );
    this.element = h(
      "div",
      {},
      this.#form(),
      h("div", { class: "fault-head" }, h("h3", {}, "Waiting for a call"), this.clear),
      this.list,
    );
  }

  #field(name, label, props, hint) {
    const id = freshId("fault");
    const control = h("input", {
      id,
      class: "control",
      name,
      autocomplete: "off",
      dataset: { testid: `fault-${name}` },
      ...props,
    });
    this.fields[name] = control;
    return h(
      "div",
      { class: "field" },
      h("label", { for: id }, label),
      control,
      hint ? h("div", { class: "input-hint" }, hint) : null,
    );
  }

  #form() {
    const number = (min, max) => ({ type: "number", min, max, inputmode: "numeric" });
    const listId = freshId("matches");
    const submit = (event) => {
      event.preventDefault();
      this.#add();
    };
    return h(
      "form",
      { class: "fault-form", on: { submit } },
      this.#field(
        "match",
        "Calls that match",
        { required: true, value: "POST /v1/Services$", list: listId },
        "Method and path, or a part of them; a $ ends the path",
      ),
      h(
        "datalist",
        { id: listId },
        MATCHES.map((value) => h("option", { value })),
      ),
      h(
        "div",
        { class: "presets", role: "group", "aria-label": "Presets" },
        PRESETS.map((preset) =>
          h(
            "button",
            { type: "button", class: "button button-small", on: { click: () => this.#fill(preset.values) } },
            preset.words,
          ),
        ),
      ),
      h(
        "div",
        { class: "field-row" },
        this.#field("status", "HTTP status", number(100, 599)),
        this.#field("code", "Twilio code", number(10000, 99999)),
        this.#field("delay", "Delay, s", { type: "number", min: 0, max: 600, step: "any" }),
        this.#field("retry_after", "Retry-After, s", { type: "number", min: 0, max: 600, step: "any" }),
        this.#field("times", "Times", { ...number(1, 1000), value: "1" }),
      ),
      this.#drops(),
      h("button", { type: "submit", class: "button button-primary", dataset: { testid: "fault-add" } }, "Add fault"),
    );
  }

  #drops() {
    const name = freshId("drop");
    const choice = (value, words, checked) => {
      const input = h("input", {
        type: "radio",
        name,
        value,
        checked,
        dataset: { testid: `fault-${value || "answer"}` },
      });
      return h("label", { class: "choice" }, input, h("span", {}, words));
    };
    this.drops = h(
      "div",
      { class: "drops", role: "radiogroup", "aria-label": "Connection" },
      choice("", "Answer", true),
      choice("drop", "Close the connection before anything happens"),
      choice("drop_after_effect", "Do it, then close the connection"),
      choice("after_effect", "Do it, then answer with the status (500 if none is given)"),
    );
    this.late = h("input", { type: "checkbox", dataset: { testid: "fault-late" } });
    this.drops.append(
      h(
        "label",
        { class: "choice" },
        this.late,
        h("span", {}, "The delay holds back the effect too, not only the answer"),
      ),
    );
    return this.drops;
  }

  #fill(values) {
    for (const name of ["status", "code", "delay", "retry_after"]) this.fields[name].value = values[name] ?? "";
    for (const input of this.drops.querySelectorAll("[type=radio]"))
      input.checked = input.value === (values.drop ?? "");
    this.late.checked = false;
  }

  async #add() {
    const value = (name) => (this.fields[name].value === "" ? null : Number(this.fields[name].value));
    const drop = this.drops.querySelector("input:checked").value;
    const fault = {
      match: this.fields.match.value.trim(),
      status: value("status"),
      code: value("code"),
      delay: value("delay") ?? 0,
      drop: drop === "drop",
      drop_after_effect: drop === "drop_after_effect",
      after_effect: drop === "after_effect",
      late_effect: this.late.checked,
      retry_after: value("retry_after"),
      times: value("times") ?? 1,
    };
    if (!(await this.act("/_desk/fault", fault))) return;
    this.#fill({});
    this.fields.times.value = "1";
  }

  draw(state) {
    const faults = state.faults ?? [];
    this.clear.hidden = !faults.length;
    const rows = faults.length ? faults : [null];
    sync(this.list, rows, { key: (fault, index) => (fault ? index : "none"), sign: JSON.stringify, render: faultRow });
  }
}

function faultRow(fault) {
  if (!fault) return h("p", { class: "nothing" }, "None. Every call is answered as it should be.");
  const parts = [
    fault.delay ? `waits ${fault.delay} s${fault.late_effect ? " before any effect" : ""}` : null,
    fault.drop ? "closes the connection before any effect" : null,
    fault.drop_after_effect ? "takes effect, then closes the connection" : null,
    fault.after_effect ? "takes effect all the same" : null,
    fault.status
      ? `answers ${fault.status}${fault.code ? ` with code ${fault.code}` : ""}`
      : fault.code
        ? `answers code ${fault.code}`
        : null,
    fault.retry_after ? `Retry-After ${fault.retry_after} s` : null,
  ].filter(Boolean);
  return h(
    "div",
    { class: "fault" },
    icon("alert", 16),
    h("div", {}, h("code", {}, fault.match), h("div", {}, parts.join(", ") || "answers as usual")),
    h("span", { class: "fault-times" }, fault.times === 1 ? "once" : `${fault.times} times`),
  );
}
