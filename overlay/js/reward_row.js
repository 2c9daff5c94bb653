/** A reward in the list of the points button: what it is, what it asks, why it cannot be had, and what came of it. */

/** The longest text that the server takes, in bytes. */
const TEXT_BYTES_MAX = 500;

/** Why a reward cannot be redeemed, by the server's code; what is not here is said in the server's words. */
const REASONS = {
  INSUFFICIENT_POINTS: "Not enough points",
  NOT_LIVE: "Only while the stream is live",
  REWARD_PAUSED: "Paused",
  SESSION_LIMIT: "Sold out for this stream",
  VIEWER_LIMIT: "You have had it this stream",
  ALREADY_ENTERED: "One entry each",
  COST_CHANGED: "The cost has changed: look again",
  NOT_JOINED: "Join the room first",
  MEMBERS_ONLY: "For paying members",
};

const RULES = {
  TITLE_CONTAINS: ({ titleContains }) => `While the title has “${titleContains}”`,
  TRAIN_LEVEL_MIN: ({ trainLevelMin }) => `While a hype train is at level ${trainLevelMin}`,
  ONLINE_MIN: ({ onlineMin }) => `With ${onlineMin} people here`,
};

const STATUSES = {
  UNFULFILLED: "Redeemed, waiting for the streamer",
  FULFILLED: "Redeemed",
  CANCELED: "Given back",
  EXPIRED: "Expired, points given back",
  ENTERED: "In the draw",
  NOT_DRAWN: "Not drawn, points given back",
};

/** Of what lots have decided for. */
const WON = {
  UNFULFILLED: "Drawn, waiting for the streamer",
  FULFILLED: "Drawn, and redeemed",
};

export const figures = (points) => points.toLocaleString("en-US");

/** Why the reward cannot be redeemed now, in words; empty if it can. */
function reason({ standing, availability, membershipTierMin }) {
  if (!standing || standing.canRedeem) return "";
  const { code, message, rule } = standing.refusal ?? {};
  if (code === "COOLDOWN" && standing.cooldownEndsAt) {
    return `Again in ${span(standing.cooldownEndsAt - Date.now())}`;
  }
  if (code === "MEMBERS_ONLY" && membershipTierMin > 1) return `For paying members of tier ${membershipTierMin} up`;
  return RULES[rule]?.(availability) ?? REASONS[code] ?? message ?? "Not now";
}

function span(millis) {
  const seconds = Math.max(1, Math.ceil(millis / 1_000));
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}

/** What became of a redemption so far, in words. */
export const became = ({ status, drawnAt }) => (drawnAt && WON[status]) ?? STATUSES[status] ?? "";

/** When lots decide, in words; empty if they do not. */
export function drawing({ draw, openDraw }) {
  if (openDraw) return openDraw.closesAt > Date.now() ? `Drawn in ${span(openDraw.closesAt - Date.now())}` : "Drawn any moment";
  return draw ? `Drawn ${span(draw.windowMs)} after the first enters: ${draw.winners === 1 ? "one wins" : `${figures(draw.winners)} win`}` : "";
}

/** What is wrong with an input, before anybody is asked; empty if nothing is. */
export function trouble({ kind, pattern, min, max }, text) {
  const said = text.trim();
  if (kind === "CHOICE") return said ? "" : "Choose one.";
  if (kind === "NUMBER") {
    const isOne = /^[+-]?\d+$/.test(said) && Number(said) >= min && Number(said) <= max;
    return isOne ? "" : `A whole number from ${figures(min)} to ${figures(max)}.`;
  }
  if (!said) return "Write something.";
  if (new TextEncoder().encode(said).length > TEXT_BYTES_MAX) return "That is too long.";
  return pattern === null || fits(pattern, said) ? "" : "That does not have the form that is asked for.";
}

/** The server reads patterns in another dialect: what is none here is for it to judge. */
function fits(pattern, text) {
  try {
    return new RegExp(`^(?:${pattern})$`, "u").test(text);
  } catch {
    return true;
  }
}

let count = 0;

export class Row {
  element;
  reward;
  #make;
  #redeem;
  #say;
  #parts;
  #asks = "";
  #isBusy = false;

  /** `redeem` asks the server, with what was put in; `say` tells whoever does not see. */
  constructor(make, redeem, say) {
    this.#make = make;
    this.#redeem = redeem;
    this.#say = say;
    const id = `r${(count += 1)}`;
    const icon = make("span", { class: "icon", "aria-hidden": "true" });
    const title = make("b", { id: `${id}t`, dir: "auto" });
    const cost = make("span");
    const price = make("span", { class: "cost" }, cost, make("span", { class: "unseen" }, " points"));
    const prompt = make("p", { class: "prompt", dir: "auto" });
    const field = make("span", { class: "field" });
    const button = make("button", { type: "submit", "aria-describedby": `${id}n` }, "Redeem");
    const note = make("p", { class: "note", id: `${id}n` });
    const form = make("form", { novalidate: "", "aria-labelledby": `${id}t` }, make("div", { class: "what" }, icon, title, price), prompt, make("div", { class: "how" }, field, button), note);
    this.element = make("li", { part: "reward" }, form);
    this.#parts = { id, icon, title, cost, prompt, field, button, note };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  show(reward, wallet) {
    const { icon, title, cost, prompt, button } = this.#parts;
    this.reward = reward;
    icon.textContent = reward.icon ?? "";
    icon.hidden = !reward.icon;
    title.textContent = reward.title;
    cost.textContent = figures(reward.cost);
    const isSeen = reward.isAnnounced && reward.showsInput && reward.input.kind !== "NONE";
    prompt.textContent = [reward.prompt, isSeen && "What you put in is shown on stream."].filter(Boolean).join(" ");
    prompt.hidden = !prompt.textContent;
    const isDrawn = Boolean(reward.draw ?? reward.openDraw);
    button.textContent = isDrawn ? "Enter" : "Redeem";
    button.setAttribute("aria-label", `${isDrawn ? "Enter the draw of" : "Redeem"} ${reward.title} for ${figures(reward.cost)} points`);
    this.element.style.setProperty("--reward", reward.color ?? "var(--accent)");
    const asks = JSON.stringify(reward.input);
    if (asks !== this.#asks) this.#ask(reward.input);
    this.#asks = asks;
    this.follow(wallet);
  }

  /** Says how it stands, as far as the row has nothing newer to say. */
  follow(wallet) {
    if (this.#isBusy || !this.reward) return;
    const why = reason(this.reward);
    const last = wallet?.redemptions.find(({ rewardId }) => rewardId === this.reward.id);
    this.element.classList.toggle("barred", Boolean(why));
    // It keeps the focus, and tells why: what is disabled does neither.
    this.#parts.button.setAttribute("aria-disabled", String(Boolean(why)));
    const hasEntered = last?.status === "ENTERED" && this.reward.standing?.refusal?.code === "ALREADY_ENTERED";
    const words = [hasEntered ? "" : why, last ? became(last) : "", drawing(this.reward)].filter(Boolean).join(" · ");
    if (!this.#parts.note.classList.contains("wrong")) this.#note(words);
  }

  /** An answer has come, to this page or to one before it. */
  answer({ ok, refusal, redemption }) {
    const words = ok ? became(redemption) || "Redeemed" : `Not redeemed: ${REASONS[refusal.code] ?? refusal.message}`;
    this.#note(words, !ok);
    this.#say(`${this.reward.title}: ${words}`);
  }

  #ask({ kind, min, max, choices }) {
    const { field, title } = this.#parts;
    const name = { "aria-labelledby": title.id, part: "reward-input" };
    const input = {
      CHOICE: () => this.#make("select", name, ...["", ...(choices ?? [])].map((choice) => this.#make("option", { value: choice }, choice || "Choose…"))),
      NUMBER: () => this.#make("input", { ...name, inputmode: "numeric", autocomplete: "off", placeholder: `${figures(min)} to ${figures(max)}` }),
      TEXT: () => this.#make("input", { ...name, autocomplete: "off", maxlength: String(TEXT_BYTES_MAX), placeholder: "Your words" }),
    }[kind]?.();
    this.element.classList.toggle("plain", !input);
    field.replaceChildren(...(input ? [input] : []));
    input?.setAttribute("aria-describedby", this.#parts.note.id);
    input?.addEventListener("input", () => {
      input.removeAttribute("aria-invalid");
      this.#note("");
    });
  }

  get #input() {
    return this.#parts.field.firstElementChild;
  }

  async #submit() {
    const { button } = this.#parts;
    if (this.#isBusy) return;
    if (button.getAttribute("aria-disabled") === "true") return this.#say(`${this.reward.title}: ${reason(this.reward)}`);
    const input = this.#input;
    const wrong = input ? trouble(this.reward.input, input.value) : "";
    if (wrong) {
      input.setAttribute("aria-invalid", "true");
      this.#note(wrong, true);
      this.#say(wrong);
      return input.focus();
    }
    this.#isBusy = true;
    button.setAttribute("aria-disabled", "true");
    this.#note("Asking…");
    try {
      const { ok } = await this.#redeem({ input: input ? input.value.trim() : null });
      if (ok && input) input.value = "";
    } catch (fault) {
      const words = "Nobody answers. It is asked again as soon as there is a connection, and paid for once.";
      this.#note(words, true);
      this.#say(words);
      console.warn("parlor-overlay: a redemption was not answered:", fault);
    }
    this.#isBusy = false;
    button.setAttribute("aria-disabled", String(Boolean(reason(this.reward))));
  }

  #note(words, isWrong = false) {
    this.#parts.note.textContent = words;
    this.#parts.note.classList.toggle("wrong", isWrong);
  }
}
