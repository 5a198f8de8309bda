// Numbers of a pool, with how far carriers have registered them, and what carriers may say about each.

import { pill, verdictButton } from "./carrier-parts.js";
import { h } from "./dom.js";

/** What carriers may do next with a number in this state: words, verdict and code. */
const VERDICTS = {
  __proto__: null,
  PENDING_REGISTRATION: [
    ["Register", "register"],
    ["Fail", "fail", 30126],
  ],
  REGISTERED: [["Unregister", "unregister"]],
  FAILURE: [
    ["Register", "register"],
    ["Try again", "pending"],
  ],
  PENDING_DEREGISTRATION: [
    ["Deregister", "unregister"],
    ["Fail", "stick", 30126],
  ],
  STUCK: [["Deregister", "unregister"]],
  UNVERIFIED: [["Verify toll-free", "register"]],
  VERIFIED: [["Take back", "unregister"]],
};

/** One number of a service; `act(path, body)` tells the local Twilio. `isCarried`: its campaign lets it be registered. */
export function numberChip(item, isCarried, act) {
  const { state, code, stuck } = item.standing ?? {};
  const known = stuck ? VERDICTS.STUCK : (VERDICTS[state] ?? []);
  const verdicts = state === "UNREGISTERED" && isCarried ? [["Register", "register"]] : known;
  const name = item.phone_number ?? item.sid;
  const button = ([words, verdict, withCode]) =>
    verdictButton(words, {
      of: name,
      testid: `${verdict}-${item.sid}`,
      kind: "button-quiet",
      run: () => act("/_desk/number", { number_sid: item.sid, verdict, code: withCode }),
    });
  const isSilent = !state || (state === "UNREGISTERED" && !isCarried);
  return h(
    "span",
    { class: "number", title: item.sid, dataset: { testid: `number-${item.sid}` } },
    name,
    isSilent ? null : pill(state),
    code ? h("code", {}, String(code)) : null,
    verdicts.map(button),
  );
}
