// @ts-check
import { build, element, list, say, set } from "./markup.js";
import { agoText, clockText, initials } from "./words.js";

const SIGNS = {
  running: "M12 5a7 7 0 1 0 0 14a7 7 0 0 0 0-14",
  standing: "M9 5v14M15 5v14",
  resolved: "M5 12l5 5L19 7",
  off: "M12 5a7 7 0 1 0 0 14a7 7 0 0 0 0-14M7 7l10 10",
};

/** @type {import("./types.d.ts").ViewOf} */
export function viewOf(acts) {
  const { root, parts } = build();
  const { "my-time": mine, history, collapse, expand } = parts;
  let form;
  parts.refresh.onclick = acts.refresh;
  parts["screen-lock"].onclick = acts.lock;
  parts.add.onclick = () => acts.attempt(open);
  collapse.onclick = () => fold(true, expand);
  expand.onclick = () => fold(false, collapse);
  mine.onchange = () => acts.mine(mine.checked);
  history.ontoggle = () => history.open && acts.attempt(acts.history);
  for (const type of ["keydown", "keyup", "keypress", "input"]) root.addEventListener(type, keepTyping);
  return { root, parts, render, close };

  async function open() {
    form ??= (await import("./log_form.js")).logForm(parts, acts.log);
    form.open();
  }

  function close() {
    form?.close();
    history.open = false;
  }

  function fold(on, next) {
    acts.collapse(on);
    next.focus({ preventScroll: true });
  }

  /** @param {import("./types.d.ts").Shown} shown */
  function render(shown) {
    const { time, clock, me } = shown, own = shown.mine || shown.ownOnly;
    const total = time ? clockText(time.total_seconds) : "–";
    set(root, "data-theme", shown.theme);
    parts.panel.hidden = shown.collapsed;
    expand.hidden = !shown.collapsed;
    set(parts.panel, "aria-label", `Handling time of ${shown.ref}`);
    set(expand, "aria-label", `Handling time: ${total}, ${clock.text}`);
    say(parts.title, own ? "My handling time" : "Handling time");
    say(parts.total, total);
    say(parts["pill-total"], total);
    set(parts.total, "data-seconds", time?.total_seconds);
    set(parts.total, "role", shown.mine && "timer");
    sign(parts.state, clock.sign, clock.text);
    sign(parts.sign, clock.sign, clock.short);
    set(parts.updated, "datetime", time?.updated_at);
    say(parts.updated, time ? when(time.updated_at, shown.now) : "not yet");
    list(parts.notes, clock.notes, (note) => [note]);
    parts["my-time-label"].hidden = !shown.offersMine;
    mine.checked = shown.mine;
    for (const name of ["automatic", "manual", "time-log", "activity"]) {
      const seconds = time?.[`${name.replace("-", "_")}_seconds`];
      set(parts[name], "data-seconds", seconds);
      say(parts[name], time ? clockText(seconds) : "–");
    }
    const people = (time && !own ? time.representatives : []).map((one) => ({ ...one, you: one.username === me, all: one.automatic_seconds + one.manual_seconds }));
    say(parts["people-count"], people.length ? `${people.length} ${people.length > 1 ? "people" : "person"} worked on it` : "");
    list(parts.people, people.sort((a, b) => b.all - a.all), profile);
    parts.refresh.disabled = shown.busy;
    if (!shown.offersLog) form?.close();
    parts.add.hidden = !shown.offersLog || !parts["add-form"].hidden;
    parts.lock.hidden = !shown.offersLock;
    say(parts.result, shown.result?.message ?? "");
    parts.result.classList.toggle("problem", shown.result instanceof Error);
    for (const name of ["automatic", "time_logs", "activities"]) {
      const items = (shown.history?.[name] ?? []).filter((item) => !own || item.representative === me);
      list(parts[`history-${name.replace("_", "-")}`], items.sort((a, b) => b.worked_at?.localeCompare(a.worked_at) || b.id - a.id || 0), entry);
    }
  }
}

function sign(on, name, text) {
  set(on, "data-sign", name);
  set(on.querySelector("path"), "d", SIGNS[name]);
  say(on.lastElementChild, text);
}

function profile({ username, name, you, all, automatic_seconds, manual_seconds }) {
  const avatar = element("i", "", initials(name || username));
  avatar.ariaHidden = "true";
  return [avatar, element("span", "", (name || username) + (you ? " (you)" : "")), element("b", "", clockText(all)),
    element("small", "", `automatic ${clockText(automatic_seconds)} · by hand ${clockText(manual_seconds)}`)];
}

function entry({ name, duration_seconds, worked_at, kind, description }) {
  const what = [worked_at && dayOf(new Date(worked_at)), kind, description].filter(Boolean).join(" · ");
  return [element("span", "", name), element("b", "", clockText(duration_seconds)), element("small", "", what)];
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
