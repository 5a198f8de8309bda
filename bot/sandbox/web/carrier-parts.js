// What services and brands on the desk have in common: statuses, errors, submitted texts, verdict buttons.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const TONES = {
  __proto__: null,
  VERIFIED: "good",
  APPROVED: "good",
  REGISTERED: "good",
  VETTED_VERIFIED: "good",
  ACCEPTED: "good",
  SUCCESS: "good",
  active: "good",
  delivered: "good",
  "twilio-approved": "good",
  FAILED: "bad",
  SUSPENDED: "bad",
  FAILURE: "bad",
  UNVERIFIED: "bad",
  DELETION_FAILED: "bad",
  DECLINED: "bad",
  EXPIRED: "bad",
  undelivered: "bad",
  failed: "bad",
  "twilio-rejected": "bad",
  PENDING: "wait",
  IN_PROGRESS: "wait",
  IN_REVIEW: "wait",
  PENDING_REGISTRATION: "wait",
  PENDING_DEREGISTRATION: "wait",
  SHARED: "wait",
  initialized: "wait",
  validating: "wait",
  accepted: "wait",
  sent: "wait",
  "pending-review": "wait",
  "in-review": "wait",
};

/** A status as Twilio spells it; one that is not known is shown all the same. */
export function pill(status) {
  return h("span", { class: `pill pill-${TONES[status] ?? "none"}` }, status ?? "no status");
}

export const sidNode = (value) => h("code", { class: "sid", title: value }, value ?? "");

export function verdictButton(words, { of, testid, kind = "", run }) {
  return h(
    "button",
    {
      type: "button",
      class: `button button-small ${kind}`,
      "aria-label": `${words} ${of}`,
      dataset: { testid },
      on: { click: run },
    },
    words,
  );
}

export function errorList(items) {
  if (!items?.length) return null;
  return h("ul", { class: "errors" }, items.map(errorItem));
}

function errorItem(item) {
  const fields = item.fields?.length ? h("span", { class: "muted" }, ` (${item.fields.join(", ")})`) : null;
  return h(
    "li",
    {},
    icon("alert", 14),
    h("span", {}, h("b", {}, String(item.error_code ?? "")), ` ${item.description ?? ""}`, fields),
  );
}

const HEADLINE = new Set(["campaign_status", "status", "identity_status", "errors", "url", "links"]);

/** Everything submitted, folded; long texts first, as reviewers read those. */
export function submitted(object, fold) {
  const length = (value) => String(Array.isArray(value) ? value.join(" ") : (value ?? "")).length;
  const fields = Object.entries(object)
    .filter(([name]) => !HEADLINE.has(name))
    .sort((one, two) => length(two[1]) - length(one[1]));
  return h(
    "details",
    { class: "texts", dataset: { fold } },
    h("summary", {}, icon("chevron", 14), "Everything submitted"),
    h(
      "dl",
      {},
      fields.map(([name, value]) => [h("dt", {}, name), h("dd", {}, show(value))]),
    ),
  );
}

function show(value) {
  const isEmpty = value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);
  if (isEmpty) return h("span", { class: "muted" }, "none");
  if (Array.isArray(value))
    return h(
      "ul",
      {},
      value.map((item) => h("li", {}, show(item))),
    );
  if (typeof value === "object") return h("code", {}, JSON.stringify(value));
  return String(value);
}
