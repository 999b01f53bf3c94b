// @ts-check
import { kindsOf } from "./kinds.js";
import { element, fill, list, say, set } from "./markup.js";
import { clockText, dayOf } from "./words.js";

/** Where the server takes changes to each part. */
const PATHS = /** @type {const} */ ({ automatic: "automatic-time", time_logs: "time-logs", activities: "activities" });

const part = (test, name, none) => `<h3>${name}</h3><ul data-testid="history-${test}" data-none="${none}"></ul>`;
const markupIn = (_) => part("automatic", _("Automatic time"), _("None yet")) + part("time-logs", _("Time logs"), _("None yet")) + part("activities", _("Activities"), _("None yet"));

/** Fills the disclosure when it is first opened. @type {import("./types.d.ts").HistoryPanel} */
export function historyPanel({ details, open, change }, texts) {
  const { _, ngettext, locale } = texts;
  const summary = details.querySelector("summary");
  const holder = element("div", ""), parts = fill(holder, markupIn(_));
  let last;
  details.append(...holder.children);
  return { render };

  function render(shown, own) {
    last = [shown, own];
    const isLeftOut = shown.time?.overlap_counted === false;
    for (const [name, path] of Object.entries(PATHS)) {
      const items = (shown.history?.[name] ?? []).filter((item) => !own || item.representative === shown.me);
      const on = parts[`history-${name.replace("_", "-")}`];
      keepFocus(on, () => list(on, items.map((item) => ({ ...item, path, isLeftOut })), entry, (item) => item.id ?? item.representative));
    }
  }

  function entry(item, row) {
    const time = clockText(item.duration_seconds);
    const notes = notesOf(item, texts).map((text) => element("small", "", text));
    const more = [item.corrections?.length && corrections(item, row), item.editable && controls(item, row, [time, whenOf(item, locale)])];
    return [element("span", "", item.name), element("b", "", time), ...notes, ...more.filter(Boolean)];
  }

  function corrections(item, row) {
    const all = element("details", ""), n = item.corrections.length, lines = element("ul", "");
    all.open = !!row.querySelector("details")?.open;
    set(all, "data-testid", "corrections");
    list(lines, item.corrections, ({ author_name, created_at, before_seconds, after_seconds, reason }) => [
      `${momentOf(new Date(created_at), locale)} · ${author_name} · ${clockText(before_seconds)} → ${clockText(after_seconds)} · ${reason}`,
    ]);
    all.append(element("summary", "", ngettext("{n} correction", "{n} corrections", n)), lines);
    return all;
  }

  function controls(item, row, about) {
    const edit = act("edit", _("Edit"), about), remove = item.id && act("delete", _("Delete"), about);
    edit.onclick = () => open({ into: row, what: item.path, values: item, label: _("Edit"), test: "edit-form", change, closed: () => back(row, "edit") });
    if (remove) remove.onclick = () => askOnce(item, row);
    return element("div", "actions", edit, ...(remove ? [remove] : []));
  }

  /** The row catches up with what came meanwhile, and the focus is where it was before. */
  function back(row, test) {
    row.querySelector(`[data-testid=${test}]`)?.focus();
    render(.../** @type {[any, boolean]} */ (last));
  }

  function askOnce(item, row) {
    const yes = act("delete-yes", _("Yes")), stay = act("delete-no", _("No"));
    const question = element("span", "", _("Delete?")), form = element("form", "actions", question, yes, stay);
    let isBusy = false;
    question.role = "alert";
    const close = () => {
      form.remove();
      back(row, "delete");
    };
    stay.onclick = close;
    form.onkeydown = (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      close();
    };
    yes.onclick = async () => {
      if (isBusy) return;
      isBusy = true;
      await change("DELETE", `${item.path}/${item.id}`).catch((error) => {
        isBusy = false;
        say(question, error.message);
      });
    };
    row.append(form);
    stay.focus();
  }

  /** Where what had the focus is gone: on its successor, or on what stands in its place. */
  function keepFocus(on, update) {
    const focused = on.getRootNode().activeElement, row = on.contains(focused) && focused.closest("li"), at = [...on.children].indexOf(row);
    update();
    if (!row || focused.isConnected) return;
    const rows = [...on.children], same = row.isConnected && row.querySelector(`[data-testid=${focused.dataset.testid}]`);
    const near = [...rows.slice(at), ...rows.slice(0, at).reverse()].map((one) => one.querySelector("button")).find(Boolean);
    (same || near || summary).focus();
  }
}

/** What is said below the name and the time of a row. @type {import("./types.d.ts").NotesOf} */
export function notesOf(item, { _, locale }) {
  const { kind = "", subject, description, overlap_seconds = 0, isLeftOut, measured_seconds, corrections: [newest] = [] } = item;
  const notes = [[whenOf(item, locale), kindsOf(_)[kind], subject, description].filter(Boolean).join(" · ")];
  const time = clockText(overlap_seconds);
  if (overlap_seconds > 0) notes.push(isLeftOut ? _("{time} of it was tracked automatically too, and is left out", { time }) : _("{time} of it was tracked automatically too", { time }));
  if (newest) notes.push(_("measured {time}, corrected by {name}: {reason}", { time: clockText(measured_seconds), name: newest.author_name, reason: newest.reason }));
  return notes.filter(Boolean);
}

/** @param {{ worked_at?: string, has_start?: boolean }} item @param {string} locale */
function whenOf({ worked_at, has_start }, locale) {
  return worked_at && (has_start ? momentOf : dayOf)(new Date(worked_at), locale);
}

function act(test, name, about = []) {
  const made = Object.assign(element("button", "button", name), { type: "button" });
  set(made, "data-testid", test);
  set(made, "aria-label", about.length > 0 && `${name}: ${about.filter(Boolean).join(", ")}`);
  return made;
}

function momentOf(instant, locale) {
  return instant.toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
}
