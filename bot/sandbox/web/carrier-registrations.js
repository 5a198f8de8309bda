// Brands, and services with their numbers and campaigns.

import { chooseCodes } from "./carrier-codes.js";
import { fill, h, sync } from "./dom.js";
import { icon } from "./icons.js";
import { ago } from "./time.js";

const TONES = {
  __proto__: null,
  VERIFIED: "good", APPROVED: "good", REGISTERED: "good", VETTED_VERIFIED: "good",
  FAILED: "bad", SUSPENDED: "bad", FAILURE: "bad", UNVERIFIED: "bad", DELETION_FAILED: "bad",
  PENDING: "wait", IN_PROGRESS: "wait", IN_REVIEW: "wait", PENDING_REGISTRATION: "wait", PENDING_DEREGISTRATION: "wait",
};

/** A status as Twilio spells it; one that is not known is shown all the same. */
function pill(status) {
  return h("span", { class: `pill pill-${TONES[status] ?? "none"}` }, status ?? "no status");
}

const sid = (value) => h("code", { class: "sid", title: value }, value ?? "");
const titled = (value, words) => h("span", { title: words }, value);

export class ServiceList {
  #codes = [];

  /** `act(path, body)` tells the local Twilio. */
  constructor(act) {
    this.act = act;
    this.empty = h("p", { class: "nothing" }, "No messaging service yet. Ask the bot for one in the chat.");
    this.list = h("div", { class: "services" });
    this.element = h("div", {}, this.empty, this.list);
  }

  draw(state) {
    this.#codes = state.codes ?? [];
    const services = state.services ?? [];
    this.empty.hidden = services.length > 0;
    const brands = new Map((state.brands ?? []).map((brand) => [brand.sid, brand]));
    sync(this.list, services, {
      key: (service) => service.sid,
      sign: (service) => JSON.stringify([service, brands.get(service.campaign?.brand_registration_sid)?.status]),
      render: (service) => this.#service(service, brands),
    });
  }

  #service(service, brands) {
    const numbers = service.numbers ?? service.phone_numbers ?? [];
    return h(
      "article",
      { class: "service", dataset: { testid: `service-${service.sid}` } },
      h("header", { class: "service-head" }, h("h3", {}, service.friendly_name ?? service.sid), sid(service.sid)),
      h("div", { class: "numbers" }, numbers.length ? numbers.map(number) : h("span", { class: "nothing" }, "No numbers")),
      service.campaign ? this.#campaign(service, service.campaign, brands) : h("p", { class: "nothing" }, "No campaign"),
    );
  }

  #campaign(service, campaign, brands) {
    const status = campaign.campaign_status ?? campaign.status;
    const brand = brands.get(campaign.brand_registration_sid);
    const decide = (verdict, codes) => this.act("/_desk/campaign", { service_sid: service.sid, verdict, ...(codes ? { codes } : {}) });
    const reject = async () => {
      const codes = await chooseCodes(service.friendly_name ?? service.sid, this.#codes);
      if (codes) await decide("reject", codes);
    };
    const button = (words, verdict, kind, run = () => decide(verdict)) =>
      h("button", { type: "button", class: `button button-small ${kind}`, "aria-label": `${words} campaign of ${service.friendly_name}`, dataset: { testid: `${verdict}-${service.sid}` }, on: { click: run } }, words);
    return h(
      "div",
      { class: "campaign" },
      h(
        "div",
        { class: "campaign-head" },
        pill(status),
        h("span", {}, campaign.us_app_to_person_usecase ?? (campaign.is_externally_registered ? "External campaign" : "")),
        campaign.campaign_id ? titled(h("code", {}, campaign.campaign_id), "TCR campaign id") : null,
        brand || campaign.brand_registration_sid ? h("span", { class: "muted" }, brand ? `${brand.friendly_name ?? brand.brand_name ?? "brand"} · ${brand.status}` : campaign.brand_registration_sid) : null,
      ),
      errors(campaign.errors),
      h(
        "div",
        { class: "verdicts" },
        button("Verify", "verify", "button-primary"),
        button("Reject…", "reject", "button-danger", reject),
        button("Suspend", "suspend", ""),
        button("Back to review", "review", ""),
      ),
      texts(campaign, `campaign-${service.sid}`),
    );
  }
}

function number(item) {
  const state = item.a2p_state ?? item.registration_state ?? item.state;
  return h("span", { class: "number", title: item.sid ?? item.phone_number_sid }, item.phone_number ?? item.sid ?? String(item), state ? pill(state) : null);
}

function errors(items) {
  if (!items?.length) return null;
  return h("ul", { class: "errors" }, items.map((item) => h("li", {}, icon("alert", 14), h("span", {}, h("b", {}, String(item.error_code ?? item.code ?? "")), ` ${item.description ?? item.title ?? ""}`, item.fields?.length ? h("span", { class: "muted" }, ` in ${item.fields.join(", ")}`) : null))));
}

const HEADLINE = new Set(["campaign_status", "status", "us_app_to_person_usecase", "campaign_id", "errors", "url", "links"]);

/** Everything submitted, folded; long texts first, as reviewers read those. */
function texts(object, fold) {
  const fields = Object.entries(object).filter(([name]) => !HEADLINE.has(name));
  const weight = (value) => -String(Array.isArray(value) ? value.join(" ") : value ?? "").length;
  fields.sort((one, two) => weight(one[1]) - weight(two[1]));
  return h(
    "details",
    { class: "texts", dataset: { fold } },
    h("summary", {}, icon("chevron", 14), "Everything submitted"),
    h("dl", {}, fields.map(([name, value]) => [h("dt", {}, name), h("dd", {}, show(value))])),
  );
}

function show(value) {
  if (value === null || value === undefined || value === "") return h("span", { class: "muted" }, "none");
  if (Array.isArray(value)) return value.length ? h("ul", {}, value.map((item) => h("li", {}, show(item)))) : h("span", { class: "muted" }, "none");
  if (typeof value === "object") return h("code", {}, JSON.stringify(value));
  return String(value);
}

export class BrandList {
  constructor() {
    this.element = h("div", { class: "brands" });
  }

  draw(state) {
    const brands = state.brands ?? [];
    if (!brands.length) {
      if (!this.element.querySelector(".nothing")) fill(this.element, h("p", { class: "nothing" }, "No brand yet."));
      return;
    }
    this.element.querySelector(".nothing")?.remove();
    sync(this.element, brands, { key: (brand) => brand.sid, sign: JSON.stringify, render: brandRow });
  }
}

function brandRow(brand) {
  const name = brand.friendly_name ?? brand.brand_name ?? brand.legal_name ?? brand.brand_type ?? "Brand";
  const date = brand.date_updated ? new Date(brand.date_updated) : null;
  return h(
    "article",
    { class: "brand", dataset: { testid: `brand-${brand.sid}` } },
    h("header", { class: "service-head" }, h("h3", {}, name), sid(brand.sid)),
    h(
      "div",
      { class: "campaign-head" },
      pill(brand.status),
      brand.identity_status ? pill(brand.identity_status) : null,
      h("span", { class: "muted" }, [brand.brand_type, brand.mock ? "mock" : null, brand.tcr_id, brand.brand_score ? `score ${brand.brand_score}` : null, date && !Number.isNaN(date.getTime()) ? ago(date) : null].filter(Boolean).join(" · ")),
    ),
    errors(brand.errors),
    texts(brand, `brand-${brand.sid}`),
  );
}
