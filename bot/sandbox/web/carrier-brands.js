// Brands, and the verdicts on them.

import { mailEvents } from "./carrier-events.js";
import { errorList, pill, sidNode, submitted, verdictButton } from "./carrier-parts.js";
import { askStatus, chooseCodes } from "./carrier-verdicts.js";
import { h, sync } from "./dom.js";
import { ago } from "./time.js";

// What the registry answers about brands most often, with the fields it then names.
const CODES = [
  [30795, "The tax id does not match the legal business name", ["business_registration_number", "business_name"]],
  [30796, "The data of a public company does not match", ["company_type", "stock_ticker", "stock_exchange"]],
  [30797, "Not a government entity of the United States", ["company_type", "business_industry"]],
  [30798, "No 501(c) status", ["company_type", "business_industry", "business_type"]],
  [30799, "The details could not be verified", ["business_registration_number", "business_name"]],
  [30701, "Invalid input", ["business_name"]],
  [30703, "Duplicate brand", ["business_registration_number"]],
  [30754, "Invalid postal address", ["street", "city", "region", "postal_code"]],
  [30794, "General error", []],
];
const STATUSES = ["PENDING", "IN_REVIEW", "APPROVED", "FAILED", "SUSPENDED", "DELETION_PENDING"];

export class BrandList {
  /** `act(path, body)` tells the local Twilio. */
  constructor(act) {
    this.act = act;
    this.empty = h("p", { class: "nothing" }, "No brand yet.");
    this.list = h("div", { class: "brands" });
    this.element = h("div", {}, this.empty, this.list);
  }

  draw(state) {
    const brands = state.brands ?? [];
    this.mails = state.events?.mail_events;
    this.empty.hidden = brands.length > 0;
    sync(this.list, brands, {
      key: (brand) => brand.sid,
      sign: (brand) => JSON.stringify(brand),
      render: (brand) => this.#brand(brand),
    });
  }

  #brand(brand) {
    const updated = new Date(brand.date_updated ?? Number.NaN);
    const facts = [
      brand.name ? brand.brand_type : null,
      brand.mock ? "mock" : null,
      brand.tcr_id,
      brand.brand_score ? `score ${brand.brand_score}` : null,
      Number.isNaN(updated.getTime()) ? null : ago(updated),
    ];
    return h(
      "article",
      { class: "brand", dataset: { testid: `brand-${brand.sid}` } },
      h("header", { class: "service-head" }, h("h3", {}, nameOf(brand)), sidNode(brand.sid)),
      h(
        "div",
        { class: "campaign-head" },
        pill(brand.status),
        brand.identity_status ? pill(brand.identity_status) : null,
        h("span", { class: "muted" }, facts.filter(Boolean).join(" · ")),
      ),
      errorList(brand.errors),
      this.#verdicts(brand),
      mailEvents(brand, nameOf(brand), this.mails, this.act),
      submitted(brand, `brand-${brand.sid}`),
    );
  }

  #verdicts(brand) {
    const decide = (verdict, more) => this.act("/_desk/brand", { brand_sid: brand.sid, verdict, ...more });
    const reject = async () => {
      const codes = CODES.map(([code, title]) => ({ code, title }));
      const chosen = await chooseCodes({ title: `Reject ${nameOf(brand)}`, codes });
      if (chosen) await decide("reject", { errors: chosen.map(brandError) });
    };
    const other = async () => {
      const status = await askStatus({ title: `Status of ${nameOf(brand)}`, known: STATUSES });
      if (status) await decide("status", { status });
    };
    const button = (words, verdict, kind, run) =>
      verdictButton(words, { of: nameOf(brand), testid: `${verdict}-${brand.sid}`, kind, run });
    const isVetted = brand.identity_status === "VETTED_VERIFIED";
    const waitsForPasscode = brand.brand_type === "SOLE_PROPRIETOR" && brand.status !== "APPROVED";
    return h(
      "div",
      { class: "verdicts" },
      waitsForPasscode ? button("Reply to passcode", "passcode", "button-primary", () => decide("passcode")) : null,
      button("Approve", "approve", brand.status === "APPROVED" ? "" : "button-primary", () => decide("approve")),
      isVetted
        ? null
        : button("Approve, vetted", "vet", "", () => decide("approve", { identity_status: "VETTED_VERIFIED" })),
      button("Reject…", "reject", "button-danger", reject),
      button("Review by hand", "review", "", () => decide("review")),
      button("Suspend", "suspend", "", () => decide("suspend")),
      button("Other status…", "status", "button-quiet", other),
    );
  }
}

function nameOf(brand) {
  if (brand.name) return brand.name;
  const kind = String(brand.brand_type ?? "")
    .toLowerCase()
    .replaceAll("_", " ");
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)} brand`.trim();
}

function brandError({ code, title }) {
  const fields = CODES.find(([known]) => known === code)?.[2] ?? [];
  const url = `https://www.twilio.com/docs/api/errors/${code}`;
  return { error_code: code, description: title || `Error ${code}`, fields, url };
}
