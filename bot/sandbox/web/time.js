// Times as a reader in this time zone sees them.

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const clockSeconds = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", second: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const long = new Intl.DateTimeFormat(undefined, { weekday: "long", month: "long", day: "numeric", year: "numeric" });
const medium = new Intl.DateTimeFormat(undefined, { month: "long", day: "numeric", year: "numeric" });
const short = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", year: "numeric" });
const numeric = new Intl.DateTimeFormat("sv-SE", { year: "numeric", month: "2-digit", day: "2-digit" });
const dayHeading = new Intl.DateTimeFormat(undefined, { weekday: "long", month: "long", day: "numeric" });

export const dateOfTs = (ts) => new Date(Number.parseFloat(ts) * 1000);
export const clockTime = (date) => clock.format(date);
export const clockTimeSeconds = (date) => clockSeconds.format(date);
export const fullTime = (date) => full.format(date);

function dayOffset(date) {
  const start = (value) => new Date(value.getFullYear(), value.getMonth(), value.getDate()).getTime();
  return Math.round((start(date) - start(new Date())) / 86_400_000);
}

function relativeDay(date) {
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[dayOffset(date)];
}

export function dayName(date) {
  const offset = dayOffset(date);
  if (offset === 0) return "Today";
  if (offset === -1) return "Yesterday";
  return dayHeading.format(date);
}

/** "just now", "5 min ago", "3 h ago", "2 days ago"; "in …" for the future. */
export function ago(date) {
  const seconds = (Date.now() - date.getTime()) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return "just now";
  let words;
  if (size < 5400) words = `${Math.max(1, Math.round(size / 60))} min`;
  else if (size < 129_600) words = `${Math.round(size / 3600)} h`;
  else words = `${Math.round(size / 86_400)} days`;
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

/** Fills the tokens of a date mention, such as `{date_short_pretty} at {time}`; unknown tokens stay as they are. */
export function formatDateTokens(format, epochSeconds) {
  const date = new Date(Number(epochSeconds) * 1000);
  const tokens = {
    date_num: () => numeric.format(date),
    date: () => medium.format(date),
    date_short: () => short.format(date),
    date_long: () => long.format(date),
    date_pretty: () => relativeDay(date) ?? medium.format(date),
    date_short_pretty: () => relativeDay(date) ?? short.format(date),
    date_long_pretty: () => relativeDay(date) ?? long.format(date),
    time: () => clock.format(date),
    time_secs: () => clockSeconds.format(date),
    ago: () => ago(date),
  };
  return format.replace(/\{(\w+)\}/g, (whole, name) => tokens[name]?.() ?? whole);
}
