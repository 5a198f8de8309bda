// What only Twilio's Console sets about a messaging service, so that a step for a person can be done here too.

import { verdictButton } from "./carrier-parts.js";
import { h } from "./dom.js";

/** One line of switches; `act(path, body)` tells the local Twilio. */
export function consoleSwitches(service, act) {
  const name = service.friendly_name ?? service.sid;
  const button = (words, setting) =>
    verdictButton(words, {
      of: `for ${name}`,
      testid: `console-${setting}-${service.sid}`,
      kind: "button-quiet",
      run: () => act("/_desk/console", { service_sid: service.sid, setting }),
    });
  return h(
    "div",
    { class: "verdicts" },
    h("span", { class: "nothing", title: "Set in Twilio's Console" }, `Console: ${inbound(service)}`),
    service.use_inbound_webhook_on_number ? button("Switch to Autocreate", "autocreate") : button("Defer", "defer"),
    service.is_default
      ? h("span", { class: "nothing" }, "default of Conversations")
      : button("Make it the default of Conversations", "default"),
  );
}

function inbound(service) {
  if (service.use_inbound_webhook_on_number) return "defers to the sender's webhook";
  return service.inbound_request_url ? "sends a webhook" : "Autocreate, or drops";
}
