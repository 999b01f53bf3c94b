// @ts-check
import { parseDuration } from "./duration.js";
import { say, set } from "./markup.js";
import { clockText } from "./words.js";

/** Loaded when it is first opened. */
export function logForm(parts, log, texts) {
  const { _ } = texts;
  const { "add-form": form, "log-understood": echo, "log-problem": problem, "log-save": save, add } = parts;
  const fields = { worked_at: parts["log-date"], duration_seconds: parts["log-duration"], description: parts["log-description"] };
  const { worked_at, duration_seconds: duration, description } = fields;

  duration.oninput = understand;
  parts["log-cancel"].onclick = close;
  form.onkeydown = ({ key }) => {
    if (key === "Escape") close();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    send();
  };
  return { open, close };

  function open() {
    form.reset();
    form.hidden = false;
    add.hidden = true;
    worked_at.value = worked_at.max = dateText(new Date());
    understand();
    complain("", "duration_seconds");
  }

  function close() {
    if (form.hidden) return;
    form.hidden = true;
    add.hidden = false;
    add.focus();
  }

  function understand() {
    const { seconds } = parseDuration(duration.value, texts);
    say(echo, seconds ? _("= {time} (h:mm:ss)", { time: clockText(seconds) }) : "");
    if (seconds) complain("");
  }

  async function send() {
    const { seconds, problem } = parseDuration(duration.value, texts), now = new Date(), date = worked_at.value;
    if (!date || date > dateText(now)) return complain(_("Choose today or an earlier day."), "worked_at");
    if (problem) return complain(problem, "duration_seconds");
    if (save.disabled) return;
    save.disabled = true;
    try {
      await log({ duration_seconds: seconds, description: description.value, worked_at: instantOf(date, now), has_start: false });
      close();
    } catch (error) {
      const { status, message, fields: named } = /** @type {any} */ (error);
      const wrong = Object.keys(fields).find((name) => named?.[name]);
      complain(wrong ? named[wrong] : status ? message : _("No answer: look in the history before you save again, it may be there."), wrong);
    }
    save.disabled = false;
  }

  function complain(text, about = "") {
    for (const [name, field] of Object.entries(fields)) {
      set(field, "aria-invalid", !!text && name === about);
      set(field, "aria-describedby", name === about && "problem");
    }
    fields[about]?.closest(".two, form > label").after(problem);
    fields[about]?.focus();
    say(problem, text);
    form.scrollIntoView({ block: "nearest" });
  }
}

/** Now, if the day is today; else its noon. */
export function instantOf(date, now) {
  return (date === dateText(now) ? now : new Date(`${date}T12:00`)).toISOString();
}

export function dateText(day) {
  return new Date(Date.UTC(day.getFullYear(), day.getMonth(), day.getDate())).toISOString().slice(0, 10);
}
