// Trust Hub bundles and secondary vettings: what Twilio's reviewers and vetting providers say about them.

import { pill, sidNode, verdictButton } from "./carrier-parts.js";
import { h, sync } from "./dom.js";

const DECIDED = new Set(["twilio-approved", "twilio-rejected"]);
const WORDS = { CustomerProfile: "Customer profile", TrustProduct: "A2P profile" };

export class BundleList {
  /** `act(path, body)` tells the local Twilio. */
  constructor(act) {
    this.act = act;
    this.empty = h("p", { class: "nothing" }, "None but those of the start.");
    this.list = h("div", { class: "bundles" });
    this.element = h("div", {}, this.empty, this.list);
  }

  draw(state) {
    const rows = [...(state.bundles ?? []), ...(state.vettings ?? [])];
    this.empty.hidden = rows.length > 0;
    sync(this.list, rows, {
      key: (row) => row.sid ?? row.brand_vetting_sid,
      sign: (row) => JSON.stringify(row),
      render: (row) => (row.brand_vetting_sid ? this.#vetting(row) : this.#bundle(row)),
    });
  }

  #bundle(bundle) {
    const decide = (status) => this.act("/_desk/bundle", { bundle_sid: bundle.sid, status });
    const button = (words, verdict, kind, run) =>
      verdictButton(words, { of: bundle.friendly_name, testid: `${verdict}-${bundle.sid}`, kind, run });
    const isOpen = !DECIDED.has(bundle.status) && bundle.status !== "draft";
    return this.#row(bundle.friendly_name, bundle.sid, bundle.status, WORDS[bundle.kind] ?? bundle.kind, [
      isOpen ? button("Approve", "approve", "button-primary", () => decide("twilio-approved")) : null,
      isOpen ? button("Reject", "reject", "button-danger", () => decide("twilio-rejected")) : null,
    ]);
  }

  #vetting(vetting) {
    const sid = vetting.brand_vetting_sid;
    const decide = (status, score) => this.act("/_desk/vetting", { vetting_sid: sid, status, score });
    const button = (words, verdict, kind, run) =>
      verdictButton(words, { of: `vetting ${sid}`, testid: `${verdict}-${sid}`, kind, run });
    const isOpen = vetting.vetting_status === "PENDING";
    return this.#row(`Vetting by ${vetting.vetting_provider}`, sid, vetting.vetting_status, vetting.brand_sid, [
      isOpen ? button("Succeed, score 75", "succeed", "button-primary", () => decide("SUCCESS", 75)) : null,
      isOpen ? button("Fail", "fail", "button-danger", () => decide("FAILED")) : null,
    ]);
  }

  #row(title, sid, status, about, buttons) {
    const verdicts = buttons.filter(Boolean);
    return h(
      "article",
      { class: "bundle", dataset: { testid: `bundle-${sid}` } },
      h("header", { class: "service-head" }, h("h3", {}, title), sidNode(sid)),
      h("div", { class: "campaign-head" }, pill(status), h("span", { class: "muted" }, about)),
      verdicts.length ? h("div", { class: "verdicts" }, verdicts) : null,
    );
  }
}
