// A small map of emoji names; a name that is not here is shown as it was written.

const NAMES = {
  __proto__: null,
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", wave: "👋", clap: "👏", pray: "🙏", muscle: "💪", eyes: "👀",
  raised_hand: "✋", hand: "✋", ok_hand: "👌", point_right: "👉", point_left: "👈", point_up: "☝️", point_down: "👇",
  writing_hand: "✍️", handshake: "🤝", smile: "😄", smiley: "😃", slightly_smiling_face: "🙂", wink: "😉", joy: "😂",
  thinking_face: "🤔", sweat_smile: "😅", cry: "😢", sob: "😭", scream: "😱", sunglasses: "😎", robot_face: "🤖",
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", negative_squared_cross_mark: "❎",
  no_entry: "⛔", no_entry_sign: "🚫", warning: "⚠️", rotating_light: "🚨", information_source: "ℹ️", question: "❓",
  grey_question: "❔", exclamation: "❗", heavy_exclamation_mark: "❗", bangbang: "‼️", sos: "🆘",
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢", large_blue_circle: "🔵",
  large_purple_circle: "🟣", white_circle: "⚪", black_circle: "⚫", red_square: "🟥", green_square: "🟩", large_red_square: "🟥",
  large_green_square: "🟩", large_yellow_square: "🟨", small_blue_diamond: "🔹", small_orange_diamond: "🔸",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", stopwatch: "⏱️", alarm_clock: "⏰", clock1: "🕐", clock3: "🕒", clock9: "🕘",
  calendar: "📆", date: "📅", spiral_calendar_pad: "🗓️", arrows_counterclockwise: "🔄", repeat: "🔁", recycle: "♻️",
  arrow_right: "➡️", arrow_left: "⬅️", arrow_up: "⬆️", arrow_down: "⬇️", arrow_forward: "▶️", double_vertical_bar: "⏸️",
  pause_button: "⏸️", play_or_pause_button: "⏯️", black_square_for_stop: "⏹️", fast_forward: "⏩", rewind: "⏪",
  phone: "☎️", telephone_receiver: "📞", iphone: "📱", calling: "📲", incoming_envelope: "📨", email: "📧", envelope: "✉️",
  mailbox: "📫", inbox_tray: "📥", outbox_tray: "📤", speech_balloon: "💬", satellite: "📡", satellite_antenna: "📡",
  bell: "🔔", no_bell: "🔕", mega: "📣", loudspeaker: "📢", signal_strength: "📶", globe_with_meridians: "🌐",
  moneybag: "💰", dollar: "💵", money_with_wings: "💸", credit_card: "💳", receipt: "🧾", chart_with_upwards_trend: "📈",
  chart_with_downwards_trend: "📉", bar_chart: "📊", clipboard: "📋", memo: "📝", pencil: "📝", pencil2: "✏️", page_facing_up: "📄",
  scroll: "📜", file_folder: "📁", open_file_folder: "📂", card_index: "📇", bookmark: "🔖", label: "🏷️", paperclip: "📎",
  link: "🔗", mag: "🔍", mag_right: "🔎", key: "🔑", lock: "🔒", unlock: "🔓", closed_lock_with_key: "🔐", shield: "🛡️",
  hammer: "🔨", wrench: "🔧", hammer_and_wrench: "🛠️", gear: "⚙️", package: "📦", wastebasket: "🗑️", broom: "🧹", bulb: "💡",
  fire: "🔥", zap: "⚡", boom: "💥", sparkles: "✨", star: "⭐", tada: "🎉", confetti_ball: "🎊", rocket: "🚀", dart: "🎯",
  trophy: "🏆", checkered_flag: "🏁", triangular_flag_on_post: "🚩", construction: "🚧", snowflake: "❄️", ice_cube: "🧊",
  bust_in_silhouette: "👤", busts_in_silhouette: "👥", office: "🏢", classical_building: "🏛️", us: "🇺🇸", "flag-us": "🇺🇸",
  heart: "❤️", green_heart: "💚", blue_heart: "💙", yellow_heart: "💛", broken_heart: "💔", 100: "💯", new: "🆕", free: "🆓",
  id: "🆔", one: "1️⃣", two: "2️⃣", three: "3️⃣", four: "4️⃣", five: "5️⃣", six: "6️⃣", ticket: "🎫", test_tube: "🧪", bug: "🐛",
  doctor: "🧑‍⚕️", stethoscope: "🩺", compass: "🧭", anchor: "⚓", detective: "🕵️", sleuth_or_spy: "🕵️", ghost: "👻",
};

export const emojiOf = (name) => NAMES[name.replace(/::skin-tone-\d$/, "")];

/** Replaces the `:names:` that are known in plain text. */
export const emojify = (text) => text.replace(/:([a-z0-9_+'-]+)(?:::skin-tone-\d)?:/gi, (whole, name) => emojiOf(name) ?? whole);
