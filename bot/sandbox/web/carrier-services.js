// Messaging services with their numbers and campaigns, and the verdicts on those.

import { consoleSwitches } from "./carrier-console.js";
import { trafficSwitches } from "./carrier-events.js";
import { numberChip } from "./carrier-numbers.js";
import { errorList, pill, sidNode, submitted, verdictButton } from "./carrier-parts.js";
import { askStatus, chooseCodes } from "./carrier-verdicts.js";
import { h, sync } from "./dom.js";

// What reviewers object to most: consent, privacy policy, terms, description, samples, website.
const COMMON_CODES = [30909, 30896, 30908, 30882, 30886, 30893, 30891, 30907];
const CARRIES = new Set(["VERIFIED", "SUSPENDED"]);
const STATUSES = ["PENDING", "IN_PROGRESS", "VERIFIED", "FAILED", "SUSPENDED"];

export class ServiceList {
  #codes = [];

  /** `act(path, body)` tells the local Twilio. */
  constructor(act) {
    this.act = act;
    this.empty = h("p", { class: "nothing" }, "No messaging service yet. Ask the bot for one in the chat.");
    this.list = h("div", { class: "services" });
    this.left = h("div", { class: "numbers" });
    this.leaving = h("article", { class: "service", hidden: true }, h("h3", {}, "Not in any pool any more"), this.left);
    this.element = h("div", {}, this.empty, this.list, this.leaving);
  }

  draw(state) {
    this.#codes = state.codes ?? [];
    const services = state.services ?? [];
    const brands = new Map((state.brands ?? []).map((brand) => [brand.sid, brand]));
    this.empty.hidden = services.length > 0;
    sync(this.list, services, {
      key: (service) => service.sid,
      sign: (service) => JSON.stringify([service, brands.get(service.campaign?.brand_registration_sid)]),
      render: (service) => this.#service(service, brands),
    });
    const left = state.leaving ?? [];
    this.leaving.hidden = left.length === 0;
    sync(this.left, left, {
      key: (number) => number.sid,
      sign: (number) => JSON.stringify(number),
      render: (number) => numberChip(number, false, this.act),
    });
  }

  #service(service, brands) {
    const numbers = service.numbers ?? [];
    const { campaign } = service;
    return h(
      "article",
      { class: "service", dataset: { testid: `service-${service.sid}` } },
      h("header", { class: "service-head" }, h("h3", {}, service.friendly_name ?? service.sid), sidNode(service.sid)),
      h(
        "div",
        { class: "numbers" },
        numbers.length
          ? numbers.map((item) => numberChip(item, CARRIES.has(campaign?.campaign_status), this.act))
          : h("span", { class: "nothing" }, "No numbers"),
      ),
      campaign
        ? this.#campaign(service, campaign, brands.get(campaign.brand_registration_sid))
        : h("p", { class: "nothing" }, "No campaign"),
      consoleSwitches(service, this.act),
      trafficSwitches(service, this.act),
    );
  }

  #campaign(service, campaign, brand) {
    const useCase = campaign.us_app_to_person_usecase || (campaign.is_externally_registered ? "External" : "");
    return h(
      "div",
      { class: "campaign" },
      h(
        "div",
        { class: "campaign-head" },
        pill(campaign.campaign_status),
        h("span", {}, useCase),
        campaign.campaign_id ? h("code", { title: "TCR campaign id" }, campaign.campaign_id) : null,
        brand
          ? h("span", { class: "muted" }, `brand ${brand.name || brand.tcr_id || brand.sid}, ${brand.status}`)
          : null,
      ),
      errorList(campaign.errors),
      this.#verdicts(service, campaign),
      submitted(campaign, `campaign-${service.sid}`),
    );
  }

  #verdicts(service, campaign) {
    const name = service.friendly_name ?? service.sid;
    const decide = (verdict, more) => this.act("/_desk/campaign", { service_sid: service.sid, verdict, ...more });
    const reject = async () => {
      const title = `Reject the campaign of ${name}`;
      const codes = await chooseCodes({ title, codes: this.#codes, common: COMMON_CODES });
      if (codes) await decide("reject", { codes: codes.map((item) => item.code) });
    };
    const other = async () => {
      const status = await askStatus({ title: `Status of the campaign of ${name}`, known: STATUSES });
      if (status) await decide("status", { status });
    };
    const button = (words, verdict, kind, run = () => decide(verdict)) =>
      verdictButton(words, { of: `campaign of ${name}`, testid: `${verdict}-${service.sid}`, kind, run });
    const isVerified = campaign.campaign_status === "VERIFIED";
    return h(
      "div",
      { class: "verdicts" },
      button("Verify", "verify", isVerified ? "" : "button-primary"),
      button("Reject…", "reject", "button-danger", reject),
      button("Suspend", "suspend"),
      campaign.campaign_status === "SUSPENDED" ? button("Delete it, as Twilio", "end", "button-danger") : null,
      button("Back to review", "review"),
      button("Other status…", "status", "button-quiet", other),
    );
  }
}
