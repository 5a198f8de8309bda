// Who and what the ids in messages stand for, as seen by one person.

const SYSTEM = { id: "USLACKBOT", name: "System", real_name: "System", initials: "S", color: "#6b7280" };

export class World {
  constructor(state) {
    this.team = state.team ?? {};
    this.me = state.user?.id ?? state.user;
    this.people = state.people ?? [];
    this.channels = state.channels ?? [];
    this.commands = state.commands ?? [];
    this.bot = { id: "U0TENFOUR", name: "Tenfour", connected: false, ...state.bot };
    this.groups = state.groups ?? [];
  }

  person(id) {
    return this.people.find((person) => person.id === id);
  }

  channel(id) {
    return this.channels.find((channel) => channel.id === id);
  }

  isBot(id) {
    return id === this.bot.id;
  }

  personName(id) {
    if (this.isBot(id)) return this.bot.name;
    const person = this.person(id);
    return person ? person.real_name || person.name : id === SYSTEM.id ? SYSTEM.name : id;
  }

  channelName(id) {
    return this.channel(id)?.name;
  }

  groupName(id) {
    const group = this.groups.find((item) => item.id === id);
    return group?.handle;
  }

  /** Name, avatar and kind of whoever wrote `message`. */
  author(message) {
    if (message.user === SYSTEM.id) return { ...SYSTEM, kind: "system" };
    if (message.bot_id || this.isBot(message.user)) {
      return { id: message.bot_id ?? message.user, real_name: message.username ?? this.bot.name, kind: "bot" };
    }
    const person = this.person(message.user) ?? {
      id: message.user,
      real_name: message.username ?? message.user ?? "Unknown",
    };
    return { ...person, kind: "person" };
  }
}

export function initialsOf(person) {
  if (person.initials) return person.initials;
  const words = (person.real_name || person.name || "?").split(/\s+/);
  return (words[0][0] + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
}

/** A person's colour as `#rrggbb`, and black or white, whichever reads better on it. */
export function avatarColors(person) {
  const hex = /^#?([0-9a-f]{6})$/i.exec(person.color ?? "")?.[1] ?? "5b6770";
  const [red, green, blue] = [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const light = 0.2126 * red ** 2.2 + 0.7152 * green ** 2.2 + 0.0722 * blue ** 2.2;
  const [white, black] = [1.05 / (light + 0.05), (light + 0.05) / 0.056];
  return { background: `#${hex}`, ink: black > white ? "#101418" : "#ffffff" };
}
