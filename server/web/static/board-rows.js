// @ts-check
// The rows of the board: one for each person, changed in place.
import { todayOf, weekOf } from "/static/board-people.js";
import { STATE_NAMES, lastingOf, reasonOf } from "/static/board-words.js";
import { h } from "/static/dom.js";
import { instant, words } from "/static/format.js";
import { withQuery } from "/static/http.js";
import { _ } from "/static/i18n.js";

/** @typedef {import("./board-people.js").Shown} Shown */

export class Row {
  #name = h("a", { class: "board-name" });
  #team = h("span", { class: "board-team" });
  #sign = h("span", { "aria-hidden": "true" });
  #state = h("span", { class: "board-state-name", "data-testid": "board-state" });
  #reason = h("span", { class: "board-reason" });
  #case = h("a", { class: "board-case", "data-testid": "board-case" });
  #title = h("span", { class: "board-title" });
  #since = h("time", { class: "number", "data-testid": "board-since" });
  #today = h("td", { class: "board-today text-end text-nowrap", "data-testid": "today-time" });
  #week = h("td", { class: "board-week text-end text-nowrap", "data-testid": "week-time" });
  #devices = h("td", { class: "board-devices text-end" });

  /** @param {string} username */
  constructor(username) {
    this.username = username;
    this.#name.dataset.testid = `representative-${username}`;
    this.element = h(
      "tr",
      { "data-username": username, "data-testid": "board-person" },
      h("th", { scope: "row", class: "board-who" }, this.#name, this.#team),
      h("td", { class: "board-what" }, h("span", { class: "board-sign-and-name" }, this.#sign, this.#state), this.#reason),
      h("td", { class: "board-on" }, this.#case, this.#title),
      h("td", { class: "board-since text-nowrap" }, this.#since),
      this.#today,
      this.#week,
      this.#devices,
    );
  }

  /** @param {Shown} one @param {number} now @param {boolean} [isNews] whether it is worth a look */
  show(one, now, isNews = false) {
    this.element.dataset.state = one.state ?? "";
    put(this.#name, one.name);
    put(this.#team, one.team ?? "");
    this.#sign.className = one.state ? `sign sign-${one.state}` : "";
    put(this.#state, one.state ? STATE_NAMES[one.state] : "–");
    put(this.#reason, reasonOf(one.reason));
    put(this.#case, one.case ?? "");
    this.#case.hidden = one.case === null;
    if (one.case !== null) this.#case.href = withQuery("/workspace", { case: one.case });
    put(this.#title, one.title ?? "");
    this.#title.title = one.title ?? "";
    this.#since.dateTime = one.since ?? "";
    this.#since.title = one.since ? instant(one.since) : "";
    put(this.#devices, one.devices ? String(one.devices) : "–");
    this.tick(one, now);
    if (isNews) this.#flash();
  }

  /** Let time go on. @param {Shown} one @param {number} now */
  tick(one, now) {
    const [today, week] = [todayOf(one, now), weekOf(one, now)];
    this.#today.dataset.seconds = String(today);
    put(this.#since, one.since === null ? "–" : lastingOf(now - Date.parse(one.since)));
    put(this.#today, words(today));
    put(this.#week, week === null ? "–" : words(week));
  }

  /** @param {string} address @param {boolean} isChosen */
  choose(address, isChosen) {
    if (this.#name.getAttribute("href") !== address) this.#name.href = address;
    this.element.classList.toggle("is-chosen", isChosen);
    if (isChosen) this.#name.setAttribute("aria-current", "true");
    else this.#name.removeAttribute("aria-current");
  }

  #flash() {
    this.element.classList.remove("is-changed");
    void this.element.offsetWidth;
    this.element.classList.add("is-changed");
  }
}

/** The table around the rows: one stop of the tab key, inside of which the arrow keys go from person to person. */
export function tableOf() {
  const column = (/** @type {string} */ name, look = "") => h("th", { scope: "col", class: look }, name);
  const body = h("tbody", { "data-testid": "board-rows" });
  const none = h("p", { class: "empty", hidden: true, "data-testid": "board-none" }, _("Nobody fits."));
  const table = h(
    "table",
    { class: "table board-table", "data-testid": "representatives-table" },
    h("caption", { class: "visually-hidden" }, _("Representatives: what they do, since when, and their time of today and of seven days. The arrow keys go from person to person.")),
    h("thead", null, h("tr", null, column(_("Name")), column(_("State")), column(_("Case")), column(_("Since"), "board-since"), column(_("Today"), "text-end"), column(_("7 days"), "text-end board-week"), column(_("Devices"), "text-end board-devices"))),
    body,
  );
  const element = h("div", { class: "board-list" }, table, none);
  body.addEventListener("keydown", (event) => move(event, body));
  body.addEventListener("focusin", ({ target }) => target instanceof Element && makeStop(body, target.closest("tr")));
  return { element, body, none, keepStop: () => makeStop(body, stopOf(body)) };
}

/** The row of the tab key: where it was, else that of who is chosen, else the first that is seen. @param {HTMLElement} body */
function stopOf(body) {
  const seen = [...body.querySelectorAll("tr")].filter((row) => !row.hidden);
  return seen.find((row) => row.contains(document.activeElement)) ?? seen.find((row) => row.classList.contains("is-chosen")) ?? seen[0] ?? null;
}

/** @param {HTMLElement} body @param {Element | null} stop */
function makeStop(body, stop) {
  for (const link of body.querySelectorAll("a")) {
    const index = stop?.contains(link) ? 0 : -1;
    if (link.tabIndex !== index) link.tabIndex = index;
  }
}

/** @param {KeyboardEvent} event @param {HTMLElement} body */
function move(event, body) {
  const rows = [...body.querySelectorAll("tr")].filter((row) => !row.hidden);
  const place = rows.findIndex((row) => row.contains(document.activeElement));
  /** @type {Record<string, number>} */
  const moves = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: rows.length - 1 };
  const next = moves[event.key];
  if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const row = rows[Math.max(0, Math.min(rows.length - 1, next))];
  const isOnCase = document.activeElement?.classList.contains("board-case");
  const target = row.querySelector(isOnCase ? "a.board-case:not([hidden])" : "a") ?? row.querySelector("a");
  if (target instanceof HTMLElement) target.focus();
}

/** Leaves a text alone that is there already. @param {HTMLElement} element @param {string} text */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
