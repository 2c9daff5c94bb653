/**
 * The points button: what a signed-in viewer has, and a list of what it buys. Loaded only where it is asked for.
 *
 * It is operated, unlike the rest of the overlay: each control is a real one, with a name, in the order in which it is
 * seen, and what comes of it is said to whoever listens as well.
 */

import { Api } from "./api.js";
import { STYLE } from "./points_style.js";
import { Row, figures } from "./reward_row.js";
import { Points, readWallet } from "./wallet.js";
import { Watching } from "./watching.js";

/** How long a balance takes to grow, as bars do. */
const GROW_MS = 400;

/** How long more points than before are shown as such. */
const GAIN_MS = 1_800;

/** Why a minute did not count, where the viewer can do something about it or wonders. */
const REASONS = {
  TOO_SHORT: "played too short",
  STOOD_STILL: "the picture stood still",
  INTERRUPTED: "the stream was away",
  NOT_OBSERVED: "not seen by the server",
  OTHER_ROOMS: "counted in other rooms",
  NO_LEASE: "told too late",
  TOO_LATE: "told too late",
};

const COIN = "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22Zm0 3.2 2.3 5 5.5.6-4.1 3.7 1.2 5.4-4.9-2.8-4.9 2.8 1.2-5.4-4.1-3.7 5.5-.6Z";
const SVG = "http://www.w3.org/2000/svg";

/** How often what cools down says for how long: in seconds. */
const TICK_MS = 1_000;

/** What rewards are available by: the session, the title, and the train's level. */
const BEARING = /^(Session|RoomUpdated|HypeTrain(Started|LeveledUp|Corrected|Ended))/;

export class PointsButton {
  #host;
  #overlay;
  #element;
  #root;
  #points;
  #watching;
  #wallet = null;
  /** The balance as it is drawn, on its way to the wallet's. */
  #drawn = 0;
  #rows = new Map();
  #reading = null;
  #isStale = false;
  #isOpen = false;
  #tick;
  #parts;

  /** `overlay` has the wallet of whoever `token()`, which it was given, is of; `server` is where to redeem. */
  constructor({ host, overlay, server, room, token }) {
    this.#host = host;
    this.#overlay = overlay;
    const tokens = {
      isRenewable: false,
      get current() {
        return token();
      },
    };
    const api = new Api(server, tokens);
    const whoIsIt = async () => {
      const json = overlay.wallet();
      return json ? { id: readWallet(json).participantId, token: token() } : {};
    };
    this.#watching = new Watching(room, api, overlay.watched(), whoIsIt, () => this.report(), (type, fault) => {
      if (type === "fault") console.warn("parlor-overlay: what was watched is not told:", fault);
    });
    this.#points = new Points({
      api,
      server,
      room,
      whoIsIt,
      tell: (answer) => this.#rows.get(answer.rewardId)?.answer(answer),
    });
    this.#build();
    host.addEventListener("parlor-event", this);
    host.addEventListener("parlor-connection", this);
    overlay.followWallet(true);
    this.update();
  }

  /** What the overlay tells; not to be called by anyone else. */
  handleEvent({ type, detail }) {
    if (type === "parlor-connection") {
      if (detail.state === "live") this.#settle();
    } else if (BEARING.test(detail.type)) {
      this.#refresh();
    }
  }

  /** The wallet is another. */
  update() {
    const json = this.#overlay.wallet();
    const wallet = json ? readWallet(json) : null;
    const known = this.#wallet;
    this.#wallet = wallet;
    this.#watching.handleViewer(wallet?.participantId ?? null);
    this.#element.hidden = !wallet;
    if (!wallet) {
      this.#close();
      this.#forget();
      return;
    }
    const isSame = known?.participantId === wallet.participantId;
    if (!isSame) {
      this.#forget();
      this.#drawn = wallet.available;
      this.#settle();
    }
    this.#show(isSame ? wallet.available - known.available : 0);
    for (const row of this.#rows.values()) row.follow(wallet);
    this.#refresh();
  }

  /** The token is another, perhaps somebody else's. */
  handleToken() {
    this.#watching.handleToken();
    // Whose it was that watched is known by the wallet alone.
    if (!this.#wallet) this.#watching.forget();
  }

  /** Tells what was watched: each half minute, and when the page is left. */
  report() {
    // Whoever has not joined has nothing counted.
    if (!this.#wallet) return;
    this.#overlay.look();
    this.#watching.report();
  }

  /** The host has been adopted by another document. */
  moveDocument() {
    const { CSSStyleSheet } = this.#element.ownerDocument.defaultView;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.#root.adoptedStyleSheets = [sheet];
  }

  remove() {
    this.report();
    this.#watching.stop();
    clearTimeout(this.#tick);
    this.#isOpen = false;
    this.#host.removeEventListener("parlor-event", this);
    this.#host.removeEventListener("parlor-connection", this);
    this.#element.remove();
  }

  #settle() {
    // What goes wrong is tried again with the next connection.
    this.#points.settle().catch(() => {});
  }

  #build() {
    const make = (tag, fields = {}, ...children) => {
      const element = document.createElement(tag);
      for (const [name, value] of Object.entries(fields)) element.setAttribute(name, value);
      element.append(...children);
      return element;
    };
    const icon = document.createElementNS(SVG, "svg");
    icon.setAttribute("viewBox", "0 0 24 24");
    icon.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", COIN);
    icon.append(path);

    const count = make("b");
    const gain = make("span", { class: "gain", "aria-hidden": "true" });
    const button = make("button", { class: "points", part: "points-button", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false" }, icon, count, gain);
    const said = make("p", { class: "said unseen", role: "status" });
    const title = make("h2", { id: "title" }, "Rewards");
    const balance = make("span", { class: "balance" });
    const close = make("button", { class: "close", type: "button", "aria-label": "Close" }, "×");
    const list = make("ul", { part: "rewards" });
    const way = make("p", { class: "note way" });
    const note = make("p", { class: "note" });
    const panel = make("div", { class: "panel", part: "points-panel", role: "dialog", "aria-labelledby": "title", tabindex: "-1", hidden: "" }, make("header", {}, title, balance, close), way, note, list);
    const frame = make("div", { class: "frame" }, panel, button, said);

    this.#parts = { make, button, count, gain, said, balance, list, way, note, panel };
    this.#element = make("div", { class: "own", part: "points" });
    this.#element.hidden = true;
    this.#root = this.#element.attachShadow({ mode: "open" });
    this.#root.append(frame);
    this.#host.shadowRoot.querySelector(".stage").append(this.#element);
    this.#place(frame);
    this.moveDocument();

    button.addEventListener("click", () => (this.#isOpen ? this.#close() : this.#open()));
    close.addEventListener("click", () => this.#close());
    for (const type of ["keydown", "keyup", "keypress"]) {
      // What is typed here is no command to the player.
      frame.addEventListener(type, (event) => {
        event.stopPropagation();
        if (type === "keydown" && event.key === "Escape" && this.#isOpen) this.#close();
      });
    }
    for (const type of ["click", "dblclick", "pointerdown", "pointerup", "mousedown", "mouseup"]) {
      // Nor is a click: a player pauses by one.
      frame.addEventListener(type, (event) => event.stopPropagation());
    }
  }

  /** Where none of the other widgets stands. */
  #place(frame) {
    const words = (this.#host.getAttribute("widgets") ?? "").split(/[\s,]+/);
    const hasStage = words.includes("stage") || words.includes("queue");
    frame.classList.toggle("right", hasStage);
    frame.classList.toggle("raised", hasStage && words.includes("presence"));
  }

  #open() {
    const { panel, button } = this.#parts;
    this.#isOpen = true;
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    panel.focus();
    this.#refresh();
  }

  #close() {
    const { panel, button } = this.#parts;
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const hadFocus = panel.contains(this.#root.activeElement);
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (hadFocus) button.focus();
  }

  #forget() {
    for (const row of this.#rows.values()) row.element.remove();
    this.#rows.clear();
    this.#parts.note.textContent = "";
  }

  /** Draws what there is to spend, which has grown by `gained`. */
  #show(gained) {
    const { button, count, gain, said, balance, way } = this.#parts;
    const { available, held } = this.#wallet;
    button.setAttribute("aria-label", `${figures(available)} points, rewards`);
    balance.textContent = held ? `${figures(available)} points · ${figures(held)} held` : `${figures(available)} points`;
    // What is paid in the list is said there, and what is said at once after it would be heard instead.
    if (gained > 0 || (gained && !this.#isOpen)) said.textContent = `${figures(Math.abs(gained))} points ${gained > 0 ? "more" : "less"}: ${figures(available)} points`;
    way.textContent = this.#onTheWay();
    this.#grow(count, available);
    if (gained > 0 && !this.#isStill) {
      gain.textContent = `+${figures(gained)}`;
      gain.animate({ opacity: [0, 1, 1, 0], translate: ["0 40%", "0 0", "0 0", "0 -40%"], offset: [0, 0.15, 0.8, 1] }, GAIN_MS);
    }
  }

  /** How far the next points are, and what was wrong with the last minute, if anything was. */
  #onTheWay() {
    const { watching, lastMinute } = this.#wallet;
    if (!watching) return "";
    const reason = REASONS[lastMinute?.outcome];
    return `${watching.slots} of ${watching.slotsWanted} minutes${reason ? ` · the last did not count: ${reason}` : ""}`;
  }

  #grow(count, points) {
    const from = this.#drawn;
    const window = this.#element.ownerDocument.defaultView;
    const began = performance.now();
    const draw = () => {
      if (this.#wallet?.available !== points) return;
      const part = this.#isStill ? 1 : Math.min(1, (performance.now() - began) / GROW_MS);
      this.#drawn = Math.round(from + (points - from) * (1 - (1 - part) ** 3));
      count.textContent = figures(this.#drawn);
      if (part < 1) window.requestAnimationFrame(draw);
    };
    draw();
  }

  get #isStill() {
    const window = this.#element.ownerDocument.defaultView;
    return window.matchMedia("(prefers-reduced-motion: reduce)").matches || window.getComputedStyle(this.#element).getPropertyValue("--parlor-motion").trim() === "none";
  }

  /** Reads the rewards anew while they are seen: once at a time, and once more for all that was asked for meanwhile. */
  async #refresh() {
    if (!this.#isOpen) return;
    this.#isStale = true;
    this.#reading ??= this.#read();
    await this.#reading;
  }

  async #read() {
    while (this.#isStale && this.#isOpen) {
      this.#isStale = false;
      const viewer = this.#wallet?.participantId;
      try {
        const rewards = await this.#points.rewards();
        if (viewer === this.#wallet?.participantId) this.#list(rewards.filter(({ isEnabled }) => isEnabled));
      } catch (fault) {
        this.#parts.note.textContent = "The rewards cannot be read just now.";
        console.warn("parlor-overlay: the rewards cannot be read:", fault);
      }
    }
    this.#reading = null;
  }

  #list(rewards) {
    const { make, list, note, said } = this.#parts;
    note.textContent = rewards.length ? "" : "There is nothing to redeem yet.";
    const rows = rewards.map((reward) => {
      const row = this.#rows.get(reward.id) ?? new Row(make, (options) => this.#points.redeem(row.reward, options), (words) => (said.textContent = words));
      row.show(reward, this.#wallet);
      return [reward.id, row];
    });
    const kept = new Map(rows);
    for (const [id, row] of this.#rows) if (!kept.has(id)) row.element.remove();
    this.#rows = kept;
    // Those that are there stay where they are: an element that is moved loses the focus.
    rows.forEach(([, { element }], index) => {
      if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
    });
    clearTimeout(this.#tick);
    this.#count(rewards.flatMap(({ standing, openDraw }) => [standing?.cooldownEndsAt, openDraw?.closesAt]).filter(Boolean));
  }

  /** Counts cooldowns and draws down while they are seen, and reads anew when one is over. */
  #count(ends) {
    if (!ends.length || !this.#isOpen) return;
    this.#tick = setTimeout(() => {
      for (const row of this.#rows.values()) row.follow(this.#wallet);
      if (ends.some((at) => at <= Date.now())) this.#refresh();
      else this.#count(ends);
    }, TICK_MS);
  }
}
