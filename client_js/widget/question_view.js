// @ts-check
import { kindsOf } from "./kinds.js";
import { button, element, fill, say, set } from "./markup.js";
import { PATIENCE_S } from "./unanswered.js";
import { ENGLISH } from "./words.js";

/** What is done without input and is no activity. @param {import("./types.d.ts").Texts["_"]} _ */
export const worksOf = (_) => ({ research: _("research"), collaboration: _("collaboration"), other: _("other work") });

const markupIn = (_, kinds) => `
<p role="status" data-testid="idle-text"></p>
<div class="actions" data-testid="idle-answers">${button("idle-keep", _("Keep"), 'class="button primary"')}${button("idle-drop", _("Drop"))}
${button("idle-log-as", _("Log as …"))}${button("idle-close", _("Close"))}${button("idle-later", _("Later"))}</div>
<form data-testid="idle-form">
<label>${_("Kind")}<select data-testid="idle-kind">${kinds}</select></label>
<label>${_("Case")}<input autocomplete="off" list="cases" data-testid="idle-case"></label><datalist id="cases"></datalist>
<div class="actions"><button class="button primary" data-testid="idle-log">${_("Log")}</button>${button("idle-cancel", _("Cancel"))}</div></form>
<p class="problem" role="alert" data-testid="idle-problem"></p>
<p class="hint" data-testid="idle-left"></p>
${button("idle-open", _("Time without input"))}`;

/** @type {import("./types.d.ts").QuestionViewOf} */
export function questionViewOf(answers, texts = ENGLISH) {
  const { _, ngettext } = texts;
  const kinds = Object.entries({ ...worksOf(_), ...kindsOf(_) }).map(([kind, name]) => `<option value="${kind}">${name}</option>`).join("");
  const root = element("section", "root panel question"), parts = fill(root, markupIn(_, kinds));
  const { "idle-form": form, "idle-kind": kind, "idle-case": ref } = parts;
  set(root, "aria-label", _("Time without input"));
  parts["idle-keep"].onclick = answers.keep;
  for (const name of ["idle-drop", "idle-close"]) parts[name].onclick = answers.drop;
  parts["idle-later"].onclick = () => answers.later(true);
  parts["idle-open"].onclick = () => answers.later(false);
  parts["idle-log-as"].onclick = () => answers.choose(true);
  parts["idle-cancel"].onclick = () => answers.choose(false);
  form.onsubmit = (event) => {
    event.preventDefault();
    answers.log(kind.value, ref.value.trim());
  };
  root.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (form.hidden) answers.later(true);
    else answers.choose(false);
  };
  let chosenFor;
  return { root, parts, render, offer };

  /** @param {import("./types.d.ts").Asked} asked */
  function render({ question, more, mayLog, later, choosing, busy, message, problem, theme, now }) {
    const open = !!question && !later;
    set(root, "data-theme", theme);
    set(root, "data-open", open || message ? "" : null);
    say(parts["idle-text"], open ? askedText(question, mayLog, now, texts) : message);
    parts["idle-answers"].hidden = !open || choosing;
    for (const name of ["idle-keep", "idle-drop", "idle-log-as", "idle-later"]) parts[name].hidden = !mayLog;
    parts["idle-close"].hidden = mayLog;
    for (const one of root.querySelectorAll("button")) one.disabled = busy;
    form.hidden = !open || !choosing;
    if (open && choosing && chosenFor !== question.id) ref.value = question.case;
    chosenFor = choosing ? question?.id : null;
    say(parts["idle-problem"], open ? problem : "");
    say(parts["idle-left"], open && mayLog ? leftText(question, more, ngettext) : "");
    parts["idle-open"].hidden = !question || !later;
  }

  function offer(cases) {
    form.querySelector("datalist").replaceChildren(...cases.map((one) => Object.assign(document.createElement("option"), { value: one.ref, textContent: one.title })));
  }
}

/** The question itself, in words. */
export function askedText({ case: ref, from, to }, mayLog, now, { _, locale }) {
  const values = { case: ref, time: spanText(to - from, locale), from: momentText(from, now, locale), to: momentText(to, now, locale) };
  return mayLog ? _("You were away from {from} to {to} ({time}) on {case}. Is that time to be kept, dropped, or logged as something else?", values)
    : _("{time} without input on {case} were not counted.", values);
}

/** Whole minutes of patience that are left, and what else waits. */
function leftText({ asked }, more, ngettext) {
  const left = Math.ceil((PATIENCE_S - asked) / 60);
  return [
    ngettext("Without an answer it is dropped after {n} more minute at this desk.", "Without an answer it is dropped after {n} more minutes at this desk.", left),
    more && ngettext("{n} more question waits.", "{n} more questions wait.", more),
  ].filter(Boolean).join(" ");
}

/** 18 min, 2 hr 5 min: whole minutes. */
export function spanText(ms, locale) {
  const minutes = Math.floor(ms / 60_000), hours = Math.floor(minutes / 60);
  const parts = [[hours, "hour"], [minutes % 60, "minute"]].filter(([n], last) => n || (last && !hours));
  return parts.map(([n, unit]) => new Intl.NumberFormat(locale, { style: "unit", unit: /** @type {string} */ (unit) }).format(/** @type {number} */ (n))).join(" ");
}

function momentText(instant, now, locale) {
  const at = new Date(instant), isToday = at.toDateString() === new Date(now).toDateString();
  return isToday ? at.toLocaleTimeString(locale, { timeStyle: "short" }) : at.toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
}
