// Talking to the local Slack: JSON requests and the live socket.

export class Unreachable extends Error {}

/** What was used is not on the screen any more. */
export class Gone extends Error {}

/** Asks `path` of the server; `body` makes it a POST. Raises Unreachable when nothing answered, Error when it refused. */
export async function request(path, { body, base = "", method } = {}) {
  let response;
  try {
    response = await fetch(base + path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
    });
  } catch (error) {
    throw new Unreachable(error.message);
  }
  const text = await response.text();
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    data = null;
  }
  if (!response.ok) {
    const words = data?.error ?? (text.slice(0, 200) || `HTTP ${response.status}`);
    throw response.status === 404 ? new Gone(words) : new Error(words);
  }
  return data;
}

const query = (params) => new URLSearchParams(params).toString();
const post = (path) => (body) => request(`/_sandbox/${path}`, { body });

export const api = {
  state: (user) => request(`/_sandbox/state?${query({ user })}`),
  messages: (user, channel) => request(`/_sandbox/messages?${query({ user, channel })}`),
  views: (user) => request(`/_sandbox/views?${query({ user })}`),
  home: (user) => request(`/_sandbox/home?${query({ user })}`),
  log: () => request("/_sandbox/log"),
  command: post("command"),
  click: post("click"),
  submit: post("submit"),
  close: post("close"),
  suggest: post("suggest"),
  openHome: post("home"),
  message: post("message"),
};

const FIRST_WAIT = 400;
const LONGEST_WAIT = 5000;

/** The socket that says what changed for one person. Reconnects by itself, waiting longer after each failure. */
export class Live {
  #socket = null;
  #timer = null;
  #wait = FIRST_WAIT;
  #user = null;

  constructor({ onChange, onUp, onDown }) {
    this.onChange = onChange;
    this.onUp = onUp;
    this.onDown = onDown;
    addEventListener("online", () => this.#retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.#retryNow());
  }

  follow(user) {
    if (this.#user === user) return;
    this.#user = user;
    this.#drop();
    this.#connect();
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #retryNow() {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  #connect() {
    this.#timer = null;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/_sandbox/live?${query({ user: this.#user })}`);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      if (socket !== this.#socket) return;
      this.#wait = FIRST_WAIT;
      this.onUp();
    });
    socket.addEventListener("message", (event) => {
      if (socket !== this.#socket) return;
      const change = JSON.parse(event.data);
      if (change.type === "changed") this.onChange(change);
    });
    socket.addEventListener("close", () => {
      if (socket !== this.#socket) return;
      this.onDown();
      // Jitter keeps several open pages from knocking at a restarted server in the same instant.
      this.#timer = setTimeout(() => this.#connect(), this.#wait * (0.8 + Math.random() * 0.4));
      this.#wait = Math.min(this.#wait * 1.7, LONGEST_WAIT);
    });
  }
}
