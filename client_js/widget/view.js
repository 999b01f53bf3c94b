// @ts-check
import { agoText, clockText } from "./duration.js";
import { element, icon, list, say, set } from "./elements.js";
import { LogForm } from "./log_form.js";

const NUMBERS = { automatic: "Automatic", manual: "By hand", time_log: "Time logs", activity: "Activities" };
const HISTORY = { automatic: "Automatic time", time_logs: "Time logs", activities: "Activities" };
const TINTS = 6;

/** What the widget shows, as a function of one value; it knows no agent and no server. */
export class View {
  /** @param {import("./types.d.ts").Acts} acts */
  constructor(acts) {
    const button = (test, text, act, attributes = {}) => {
      const made = element("button", { type: "button", class: "button", test, ...attributes }, icon(test), text);
      made.onclick = act;
      return made;
    };
    const fold = (on, next) => () => {
      acts.collapse(on);
      this[next].focus({ preventScroll: true });
    };
    this.sign = element("span", { class: "state" });
    this.pillTotal = element("strong", { test: "pill-total" });
    this.expand = button("expand", "", fold(false, "collapse"), { class: "pill", part: "pill", "aria-expanded": "false" });
    this.expand.prepend(this.sign, this.pillTotal);
    this.collapse = button("collapse", "", fold(true, "expand"), { class: "icon", "aria-label": "Make small", title: "Make small", "aria-expanded": "true" });
    this.title = element("h2");
    this.total = element("strong", { class: "total", test: "total", "aria-live": "off" });
    this.state = element("p", { class: "state", test: "state" });
    this.updated = element("time", { test: "updated" });
    this.notes = element("ul", { class: "notes", test: "notes" });
    this.mine = element("input", { type: "checkbox", role: "switch", test: "my-time" });
    this.mine.onchange = () => acts.mine(this.mine.checked);
    this.mineLabel = element("label", { class: "switch" }, this.mine, "My time");
    this.numbers = Object.keys(NUMBERS).map((name) => element("dd", { test: name.replace("_", "-") }));
    const breakdown = element("dl", {}, ...Object.values(NUMBERS).flatMap((name, i) => [element("dt", {}, name), this.numbers[i]]));
    this.count = element("h3", { id: "people" });
    this.people = element("ul", { class: "people", test: "people", "aria-labelledby": "people" });
    this.refresh = button("refresh", "Refresh", acts.refresh);
    this.add = button("add", "Add time log", () => this.#open());
    this.result = element("p", { class: "hint", role: "status", test: "result" });
    this.form = new LogForm(acts.log, () => this.#closed());
    this.lock = element("div", {},
      button("screen-lock", "See screen lock", acts.lock, { "aria-describedby": "why" }),
      element("p", { class: "hint", id: "why" }, "Then the clock stops the moment your screen is locked."));
    this.history = Object.keys(HISTORY).map((name) => element("ul", { test: `history-${name.replace("_", "-")}` }));
    this.details = element("details", { test: "history" }, element("summary", {}, "History"),
      ...Object.values(HISTORY).flatMap((name, i) => [element("h3", {}, name), this.history[i]]));
    this.details.ontoggle = () => this.details.open && acts.history();
    this.panel = element("section", { class: "panel", part: "panel", test: "panel" },
      element("header", {}, this.title, this.collapse),
      element("div", { class: "body" },
        element("div", {}, this.total, this.state, element("p", { class: "hint" }, "Updated ", this.updated)),
        this.notes, this.mineLabel, breakdown, element("div", {}, this.count, this.people),
        element("div", { class: "actions" }, this.refresh, this.add),
        this.result, this.form.element, this.lock, this.details));
    this.root = element("div", { class: "root" }, this.panel, this.expand);
    for (const type of ["keydown", "keyup", "keypress", "input"]) this.root.addEventListener(type, keepTyping);
  }

  /** @param {import("./types.d.ts").Shown} shown */
  render({ ref, time, clock, mine, ownOnly, me, history, result, ...shown }) {
    const own = mine || ownOnly;
    const total = time ? clockText(time.total_seconds) : "–";
    set(this.root, "data-theme", shown.theme);
    this.panel.hidden = shown.collapsed;
    this.expand.hidden = !shown.collapsed;
    set(this.panel, "aria-label", `Handling time of ${ref}`);
    set(this.expand, "aria-label", `Handling time: ${total}, ${clock.text}`);
    say(this.title, own ? "My handling time" : "Handling time");

    for (const on of [this.total, this.pillTotal]) say(on, total);
    set(this.total, "data-seconds", time?.total_seconds);
    set(this.total, "role", mine && "timer");
    sign(this.state, clock.sign, clock.text);
    sign(this.sign, clock.sign, clock.short);
    set(this.updated, "datetime", time?.updated_at);
    say(this.updated, time ? when(time.updated_at, shown.now) : "not yet");
    list(this.notes, clock.notes, (note) => element("li", {}, note));

    this.mineLabel.hidden = !shown.offersMine;
    this.mine.checked = mine;
    Object.keys(NUMBERS).forEach((name, i) => {
      const seconds = time?.[`${name}_seconds`];
      set(this.numbers[i], "data-seconds", seconds);
      say(this.numbers[i], time ? clockText(seconds) : "–");
    });
    const people = (time && !own ? time.representatives : []).map((one) => ({ ...one, you: one.username === me, all: one.automatic_seconds + one.manual_seconds }));
    say(this.count, people.length ? `${people.length} ${people.length === 1 ? "person" : "people"} worked on it` : "");
    list(this.people, people.sort((a, b) => b.all - a.all), profile);

    this.refresh.disabled = shown.busy;
    if (!shown.offersLog) this.form.close();
    this.add.hidden = !shown.offersLog || !this.form.element.hidden;
    this.lock.hidden = !shown.offersLock;
    say(this.result, result?.message ?? "");
    this.result.classList.toggle("problem", result?.status !== undefined);
    Object.keys(HISTORY).forEach((name, i) => {
      const items = (history?.[name] ?? []).filter((item) => !own || item.representative === me);
      list(this.history[i], items.sort((a, b) => b.worked_at?.localeCompare(a.worked_at) || b.id - a.id || 0), entry);
    });
  }

  #open() {
    this.form.open();
    this.add.hidden = true;
  }

  #closed() {
    this.add.hidden = false;
    this.add.focus();
  }
}

function sign(on, name, text) {
  if (on.dataset.sign !== name) on.replaceChildren(icon(name), element("span"));
  on.dataset.sign = name;
  say(on.lastChild, text);
}

function profile({ username, name, you, all, automatic_seconds, manual_seconds }) {
  const tint = [...username].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % TINTS;
  return element("li", { test: "person", "data-username": username },
    element("span", { class: `avatar tint${tint}`, "aria-hidden": "true" }, initials(name || username)),
    element("span", {}, (name || username) + (you ? " (you)" : "")), element("b", {}, clockText(all)),
    element("small", {}, `automatic ${clockText(automatic_seconds)} · by hand ${clockText(manual_seconds)}`));
}

function entry({ name, duration_seconds, worked_at, kind, description }) {
  const what = [worked_at && dayOf(new Date(worked_at)), kind, description].filter(Boolean).join(" · ");
  return element("li", {}, element("span", {}, name), element("b", {}, clockText(duration_seconds)), element("small", {}, what));
}

/** The first letters of the first and the last word. */
export function initials(name) {
  const words = name.trim().split(/\s+/).map((word) => [...word][0] ?? "");
  return (words.length > 1 ? words[0] + words[words.length - 1] : words[0]).toUpperCase();
}

function when(instant, now) {
  const at = new Date(instant);
  const today = at.toDateString() === new Date(now).toDateString();
  return `${today ? at.toLocaleTimeString([], { timeStyle: "short" }) : dayOf(at)} (${agoText(now - at.getTime())})`;
}

function dayOf(day) {
  return day.toLocaleDateString([], { dateStyle: "medium" });
}

/** What is typed here is no shortcut and no change of the host page. */
function keepTyping(event) {
  if (event.target.matches("input, textarea")) event.stopPropagation();
}
