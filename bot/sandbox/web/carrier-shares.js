// Campaigns in TCR: what their owner does there, and what Twilio answers when one is shared with it.

import { pill, verdictButton } from "./carrier-parts.js";
import { askWords } from "./carrier-verdicts.js";
import { freshId, h, sync } from "./dom.js";

export class ShareList {
  /** `act(path, body)` tells the local Twilio. */
  constructor(act) {
    this.act = act;
    this.empty = h("p", { class: "nothing" }, "None yet. Share one, and an external campaign can be associated.");
    this.list = h("div", { class: "shares" });
    this.element = h("div", {}, this.#form(), this.empty, this.list);
  }

  draw(state) {
    const campaigns = state.tcr_campaigns ?? [];
    const names = new Map((state.services ?? []).map((service) => [service.sid, service.friendly_name]));
    this.empty.hidden = campaigns.length > 0;
    sync(this.list, campaigns, {
      key: (campaign) => campaign.campaign_id,
      sign: (campaign) => JSON.stringify([campaign, names.get(campaign.messaging_service_sid)]),
      render: (campaign) => this.#campaign(campaign, names.get(campaign.messaging_service_sid)),
    });
  }

  #form() {
    const id = freshId("tcr");
    const field = h("input", {
      id,
      class: "control",
      required: true,
      pattern: "C[A-Z0-9]{6}",
      maxlength: 7,
      placeholder: "CACME10",
      title: "C and six capital letters or digits",
      autocomplete: "off",
      dataset: { testid: "tcr-id" },
    });
    const submit = async (event) => {
      event.preventDefault();
      if (await this.#decide(field.value.trim(), "share")) field.value = "";
    };
    return h(
      "form",
      { class: "share-form", on: { submit } },
      h("div", { class: "field" }, h("label", { for: id }, "TCR campaign id"), field),
      h("button", { type: "submit", class: "button", dataset: { testid: "tcr-share" } }, "Share with Twilio"),
    );
  }

  #campaign(campaign, service) {
    const id = campaign.campaign_id;
    const decline = async () => {
      const feedback = await askWords({
        title: `Decline ${id}`,
        label: "Feedback for its owner",
        placeholder: "The website does not describe the programme.",
        confirm: "Decline",
      });
      if (feedback) await this.#decide(id, "decline", feedback);
    };
    const button = (words, verdict, kind, run = () => this.#decide(id, verdict)) =>
      verdictButton(words, { of: id, testid: `${verdict}-${id}`, kind, run });
    const isOpen = campaign.state === "SHARED";
    return h(
      "article",
      { class: "share", dataset: { testid: `tcr-${id}` } },
      h(
        "div",
        { class: "campaign-head" },
        h("code", {}, id),
        pill(campaign.state),
        campaign.suspended ? pill("SUSPENDED") : null,
        service ? h("span", { class: "muted" }, `on ${service}`) : null,
      ),
      campaign.feedback ? h("p", { class: "feedback" }, campaign.feedback) : null,
      h(
        "div",
        { class: "verdicts" },
        isOpen || campaign.state === "ACCEPTED" ? null : button("Share again", "share", ""),
        campaign.state === "ACCEPTED" ? null : button("Accept", "accept", isOpen ? "button-primary" : ""),
        campaign.state === "DECLINED" ? null : button("Decline…", "decline", "button-danger", decline),
        button("DCAs complete", "complete", "button-quiet"),
        campaign.suspended ? button("Unsuspend", "unsuspend", "") : button("Carrier suspends", "suspend", "button-quiet"),
        campaign.state === "EXPIRED" ? null : button("Expire", "expire", "button-quiet"),
      ),
    );
  }

  #decide(id, verdict, feedback) {
    return this.act("/_desk/share", { campaign_id: id, verdict, feedback });
  }
}
