// @ts-check
// The live board: who works on what, since when. Its rows are the representatives to choose from.
import { STATES, countsOf, fits, isNews, teamsOf, together } from "/static/board-people.js";
import { Row, tableOf } from "/static/board-rows.js";
import { watchBoard } from "/static/board-socket.js";
import { STATE_NAMES } from "/static/board-words.js";
import { empty, fill, h, loading } from "/static/dom.js";
import { second } from "/static/format.js";
import { api } from "/static/http.js";
import { _, ngettext, number } from "/static/i18n.js";
import { Loader } from "/static/loader.js";

const TICK_MS = 1000;
const SEARCH_FROM = 9;

/** @typedef {import("./board-people.js").Shown} Shown */
/** @typedef {import("./board-people.js").State} State */
/** @typedef {import("./board-people.js").Told & {at: number}} Told */
/** @typedef {{place: HTMLElement, line: HTMLElement, said: HTMLElement, search: HTMLInputElement, teams: HTMLSelectElement, states: HTMLElement, tools: HTMLElement}} Parts */

export class Board {
  #parts;
  #chosen;
  #addressOf;
  #changed;
  #loader;
  /** @type {import("./board-people.js").Overview[]} */
  #overview = [];
  /** @type {Map<string, Told> | null} */
  #told = null;
  /** @type {Map<string, Shown>} */
  #people = new Map();
  /** @type {Map<string, Row>} */
  #rows = new Map();
  #table = tableOf();
  /** @type {State | null} */
  #state = null;
  #isLive = false;
  #isFirst = true;
  /** The server's clock, at a moment of ours. */
  #clock = { at: Date.now(), mono: performance.now() };

  /**
   * @param {object} options
   * @param {Parts} options.parts of the page
   * @param {() => string | null} options.chosen the username of who is chosen
   * @param {(username: string) => string} options.addressOf where somebody is chosen
   * @param {(username: string) => void} options.changed hears of whom something changed
   */
  constructor({ parts, chosen, addressOf, changed }) {
    this.#parts = parts;
    this.#chosen = chosen;
    this.#addressOf = addressOf;
    this.#changed = changed;
    this.#loader = new Loader({ place: parts.place, load: (signal) => this.#load(signal), landing: () => parts.search, shows: () => !this.#people.size });
    parts.search.addEventListener("input", () => this.#choose());
    parts.teams.addEventListener("change", () => this.#choose());
    parts.states.addEventListener("click", (event) => this.#chooseState(event));
    for (const type of ["pointerleave", "focusout"]) parts.place.addEventListener(type, () => setTimeout(() => this.#choose()));
    fill(parts.place, loading(_("Loading the representatives …")));
  }

  /** Load, and listen from now on. */
  begin() {
    this.#loader.run();
    const url = `${location.origin.replace("http", "ws")}/agent`;
    const stream = URL.createObjectURL(new Blob()).slice(-36);
    watchBoard({ url, stream, hear: (message) => this.#hear(message), tell: (state) => this.#tell(state) });
    setInterval(() => this.#isLive && this.#tick(), TICK_MS);
  }

  /** Draw again: somebody else is chosen, or another day. */
  draw() {
    if (!this.#people.size) return;
    const focused = document.activeElement;
    const rows = [...this.#people.values()].map((one) => this.#rowOf(one));
    this.#rows = new Map(rows.map((row) => [row.username, row]));
    this.#table.body.replaceChildren(...rows.map(({ element }) => element));
    if (!this.#table.element.isConnected) fill(this.#parts.place, this.#table.element);
    if (this.#isFirst) this.#bringIntoView();
    this.#isFirst = false;
    if (focused instanceof HTMLElement && this.#table.element.contains(focused)) focused.focus({ preventScroll: true });
    this.#choose();
  }

  /** Where the list is long and scrolls, show who is chosen. */
  #bringIntoView() {
    const row = this.#table.body.querySelector("tr.is-chosen");
    const panel = this.#parts.place.closest(".people");
    if (row && panel) panel.scrollTop += row.getBoundingClientRect().bottom - panel.getBoundingClientRect().bottom + row.clientHeight;
  }

  /** The name of somebody, if the board knows them. @param {string} username */
  nameOf(username) {
    return this.#people.get(username)?.name;
  }

  /** @param {AbortSignal} signal */
  async #load(signal) {
    this.#overview = (await api("GET", "/api/v1/reports/representatives", undefined, { signal })).items;
    this.#gather();
    if (!this.#people.size) fill(this.#parts.place, empty(_("There are no representatives yet.")));
  }

  /** @param {import("./board-socket.js").Whole | import("./board-socket.js").Change} message */
  #hear(message) {
    this.#clock = { at: Date.parse(message.at), mono: performance.now() };
    const wasLive = this.#isLive;
    const told = message.type === "board" ? message.people : [message.person];
    const isLess = told.some((one) => one.today_seconds < (this.#told?.get(one.username)?.today_seconds ?? 0));
    if (message.type === "board") this.#told = new Map();
    for (const one of told) this.#told?.set(one.username, { ...one, at: this.#clock.at });
    this.#isLive = true;
    this.#gather();
    if (!wasLive) this.#sayConnection("online");
    if (isLess || (message.type === "board" && !wasLive)) this.#loader.run();
    for (const one of told) this.#changed(one.username);
  }

  /** @param {import("./board-socket.js").Connection} state */
  #tell(state) {
    if (state !== "online") this.#isLive = false;
    if (state !== "online" || this.#told === null) this.#sayConnection(state);
  }

  /** Put together what is known; only those who are new or gone have the rows made anew. */
  #gather() {
    const before = this.#people;
    this.#people = together(this.#overview, this.#told);
    this.#drawTeams();
    const isSame = this.#rows.size > 0 && before.size === this.#people.size && [...this.#people.keys()].every((username) => this.#rows.has(username));
    if (!isSame) return this.draw();
    for (const [username, one] of this.#people) this.#rowOf(one).show(one, this.#now(), isNews(before.get(username), one));
    this.#choose();
  }

  /** @param {Shown} one */
  #rowOf(one) {
    const row = this.#rows.get(one.username) ?? new Row(one.username);
    row.show(one, this.#now());
    row.choose(this.#addressOf(one.username), one.username === this.#chosen());
    return row;
  }

  #tick() {
    const now = this.#now();
    for (const [username, one] of this.#people) this.#rows.get(username)?.tick(one, now);
  }

  /** Who no longer fits stays for as long as somebody points at the list, or moves in it: nothing jumps. */
  #choose() {
    const { place, search, teams, said } = this.#parts;
    const wanted = { text: search.value, team: teams.value === "*" ? null : teams.value, state: this.#state };
    const isHeld = place.matches(":hover") || place.contains(document.activeElement);
    let found = 0;
    for (const [username, one] of this.#people) {
      const row = this.#rows.get(username);
      if (!row) continue;
      const isWanted = fits(one, wanted);
      row.element.hidden = !isWanted && !(isHeld && !row.element.hidden);
      if (isWanted) found++;
    }
    this.#drawStates(countsOf(this.#people.values(), wanted));
    this.#table.none.hidden = found > 0;
    const text = this.#people.size ? ngettext("{n} person", "{n} people", found, { n: number(found) }) : "";
    const isFiltered = wanted.text.trim() !== "" || wanted.team !== null || wanted.state !== null;
    said.textContent = isFiltered ? text : "";
    this.#table.keepStop();
  }

  /** @param {Event} event */
  #chooseState({ target }) {
    const button = target instanceof Element ? target.closest("button") : null;
    if (!button) return;
    this.#state = /** @type {State | null} */ (button.dataset.state ?? null);
    this.#choose();
  }

  /** @param {ReturnType<typeof countsOf>} counts */
  #drawStates(counts) {
    const { states, tools, search } = this.#parts;
    tools.hidden = this.#people.size < 2;
    search.hidden = this.#people.size < SEARCH_FROM;
    if (!states.childElementCount) {
      const button = (/** @type {State | null} */ state, /** @type {string} */ name) =>
        h("button", { type: "button", class: "board-state", "data-state": state, "data-testid": `show-${state ?? "all"}` }, state && h("span", { class: `sign sign-${state}`, "aria-hidden": "true" }), h("span", null, name), h("span", { class: "board-count number" }));
      states.append(button(null, _("All")), ...STATES.map((state) => button(state, STATE_NAMES[state])));
    }
    for (const button of states.querySelectorAll("button")) {
      const state = /** @type {State | undefined} */ (button.dataset.state);
      button.setAttribute("aria-pressed", String((state ?? null) === this.#state));
      const count = button.querySelector(".board-count");
      if (count) count.textContent = state && this.#told === null ? "–" : number(counts[state ?? "all"]);
    }
  }

  #drawTeams() {
    const { teams } = this.#parts;
    const found = teamsOf(this.#people.values());
    if ([...teams.options].slice(1).map(({ value }) => value).join("\n") === found.join("\n")) return;
    const chosen = teams.options.length ? teams.value : "*";
    fill(teams, new Option(_("All teams"), "*"), ...found.map((team) => new Option(team || _("in no team"), team)));
    teams.value = found.includes(chosen) ? chosen : "*";
    teams.hidden = !found.length;
  }

  /** @param {import("./board-socket.js").Connection} state */
  #sayConnection(state) {
    const { line, place } = this.#parts;
    place.classList.toggle("is-stale", this.#told !== null && !this.#isLive);
    line.dataset.connection = this.#isLive ? "live" : state;
    fill(line, h("span", { class: "board-sign", "aria-hidden": "true" }), this.#connectionText(state));
  }

  /** @param {import("./board-socket.js").Connection} state */
  #connectionText(state) {
    if (this.#isLive) return _("Live");
    if (state === "signed-out") return _("You are signed out. Reload the page to sign in again.");
    if (state === "refused") return _("The server does not show the board to this page.");
    if (this.#told === null) return state === "offline" ? _("Connecting …") : "";
    return _("Not connected, last update {time}. It goes on by itself.", { time: second(this.#now()) });
  }

  /** The server's time; while nothing comes in, that of the last message. */
  #now() {
    return this.#isLive ? this.#clock.at + performance.now() - this.#clock.mono : this.#clock.at;
  }
}
