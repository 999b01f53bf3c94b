// @ts-check
import { element, fill, list, markupIn, say, set } from "./markup.js";
import { ENGLISH, agoText, clockText, dayOf, initials } from "./words.js";

const SIGNS = {
  running: "M12 5a7 7 0 1 0 0 14a7 7 0 0 0 0-14",
  standing: "M9 5v14M15 5v14",
  resolved: "M5 12l5 5L19 7",
  off: "M12 5a7 7 0 1 0 0 14a7 7 0 0 0 0-14M7 7l10 10",
};

/** @type {import("./types.d.ts").ViewOf} */
export function viewOf(acts, texts = ENGLISH) {
  const { _, ngettext } = texts;
  const root = element("div", "root"), parts = fill(root, markupIn(_));
  const { "my-time": mine, history, collapse, expand, add, adding } = parts;
  let form, panel;
  parts.refresh.onclick = acts.refresh;
  parts["screen-lock"].onclick = acts.lock;
  add.onclick = () => open({ into: adding, what: "activities", label: _("Add time"), test: "add-form", change: acts.change, closed: backToAdd });
  collapse.onclick = () => fold(true, expand);
  expand.onclick = () => fold(false, collapse);
  mine.onchange = () => acts.mine(mine.checked);
  history.ontoggle = () => history.open && acts.attempt(unfold);
  for (const type of ["keydown", "keyup", "keypress", "input"]) root.addEventListener(type, keepTyping);
  return { root, parts, render, close };

  /** One form at a time, loaded when it is first opened. */
  function open(asked) {
    acts.attempt(async () => {
      const { formOf } = await import("./form.js");
      form?.close();
      form = formOf(asked, texts);
      add.hidden ||= asked.into === adding;
    });
  }

  function backToAdd() {
    add.hidden = false;
    add.focus();
  }

  async function unfold() {
    panel ??= (await import("./history.js")).historyPanel({ details: history, open, change: acts.change }, texts);
    await acts.history();
  }

  function close() {
    form?.root.remove();
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
    set(parts.panel, "aria-label", _("Handling time of {ref}", { ref: shown.ref }));
    say(parts.title, own ? _("My handling time") : _("Handling time"));
    say(parts.total, total);
    say(parts["pill-total"], total);
    set(parts.total, "data-seconds", time?.total_seconds);
    set(parts.total, "role", shown.mine && "timer");
    sign(parts.state, clock.sign, clock.text);
    sign(parts.sign, clock.sign, clock.short);
    set(parts.updated, "datetime", time?.updated_at);
    say(parts.updated, time ? when(time.updated_at, shown.now, texts) : _("not yet"));
    list(parts.notes, clock.notes, (note) => [note]);
    parts["my-time-label"].hidden = !shown.offersMine;
    mine.checked = shown.mine;
    for (const name of ["automatic", "manual", "time-log", "activity"]) {
      const seconds = time?.[`${name.replace("-", "_")}_seconds`];
      set(parts[name], "data-seconds", seconds);
      say(parts[name], time ? clockText(seconds) : "–");
    }
    const overlap = time?.overlap_counted === false && time.overlap_seconds;
    say(parts.overlap, overlap ? _("{time} that was logged by hand was tracked too, and is left out of the time by hand.", { time: clockText(overlap) }) : "");
    const people = (time && !own ? time.representatives : []).map((one) => ({ ...one, you: one.username === me, all: one.automatic_seconds + one.manual_seconds }));
    say(parts["people-count"], people.length ? ngettext("{n} person worked on it", "{n} people worked on it", people.length) : "");
    list(parts.people, people.sort((a, b) => b.all - a.all), (one) => profile(one, _));
    parts.refresh.disabled = shown.busy;
    if (!shown.offersLog) adding.replaceChildren();
    add.hidden = !shown.offersLog || adding.hasChildNodes();
    parts.lock.hidden = !shown.offersLock;
    say(parts.result, shown.result?.message ?? "");
    parts.result.classList.toggle("problem", shown.result instanceof Error);
    panel?.render(shown, own);
  }
}

function sign(on, name, text) {
  set(on, "data-sign", name);
  set(on.querySelector("path"), "d", SIGNS[name]);
  say(on.lastElementChild, text);
}

function profile({ username, name, you, all, automatic_seconds, manual_seconds }, _) {
  const avatar = element("i", "", initials(name || username));
  avatar.ariaHidden = "true";
  return [avatar, element("span", "", you ? _("{name} (you)", { name: name || username }) : name || username), element("b", "", clockText(all)),
    element("small", "", _("automatic {automatic} · by hand {manual}", { automatic: clockText(automatic_seconds), manual: clockText(manual_seconds) }))];
}

function when(instant, now, texts) {
  const at = new Date(instant);
  const today = at.toDateString() === new Date(now).toDateString();
  return `${today ? at.toLocaleTimeString(texts.locale, { timeStyle: "short" }) : dayOf(at, texts.locale)} (${agoText(now - at.getTime(), texts)})`;
}

/** What is typed here is no shortcut and no change of the host page. */
function keepTyping(event) {
  if (event.target.matches("input, textarea, select")) event.stopPropagation();
}
