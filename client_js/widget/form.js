// @ts-check
import { parseDuration, readDuration } from "./duration.js";
import { kindsOf } from "./kinds.js";
import { button, element, fill, say, set } from "./markup.js";
import { clockText } from "./words.js";

const FIELDS = {
  "automatic-time": ["duration_seconds", "reason"],
  "time-logs": ["worked_at", "start", "duration_seconds", "description"],
  activities: ["kind", "worked_at", "start", "duration_seconds", "subject", "description"],
};

const options = (_) => Object.entries({ "": _("Time log"), ...kindsOf(_) }).map(([kind, name]) => `<option value="${kind}">${name}</option>`).join("");

const markupIn = (_, examples = _("1:30, 90m, 1.5h")) => `
<label>${_("Kind")}<select data-testid="log-kind">${options(_)}</select></label>
<div class="two"><label>${_("Date")}<input type="date" data-testid="log-date"></label>
<label>${_("Start (optional)")}<input type="time" data-testid="log-start"></label></div>
<label>${_("Duration")}<input autocomplete="off" placeholder="${examples}" data-testid="log-duration"></label>
<p class="echo" role="status" data-testid="log-understood"></p>
<label>${_("Subject")}<input autocomplete="off" maxlength="200" data-testid="log-subject"></label>
<label>${_("Description")}<textarea rows="2" maxlength="2000" data-testid="log-description"></textarea></label>
<label>${_("Reason")}<input autocomplete="off" maxlength="500" data-testid="log-reason"></label>
<p class="problem" role="alert" id="problem" data-testid="log-problem"></p>
<div class="actions"><button class="button primary" data-testid="log-save">${_("Save")}</button>${button("log-cancel", _("Cancel"))}</div>`;

/** Opens a form to add, edit or correct. @type {import("./types.d.ts").FormOf} */
export function formOf({ into, what, values = {}, label, test, change, closed }, texts) {
  const { _ } = texts;
  const form = element("form", ""), parts = fill(form, markupIn(_));
  const { "log-understood": echo, "log-problem": problem, "log-save": save } = parts;
  const fields = {
    kind: parts["log-kind"], worked_at: parts["log-date"], start: parts["log-start"], duration_seconds: parts["log-duration"],
    subject: parts["log-subject"], description: parts["log-description"], reason: parts["log-reason"],
  };
  const { kind, worked_at, start, duration_seconds: duration, subject } = fields;
  const at = values.worked_at ? new Date(values.worked_at) : new Date();
  const day = dateText(at), began = values.has_start ? timeText(at) : "";

  form.noValidate = true;
  set(form, "aria-label", label);
  set(form, "data-testid", test);
  for (const [name, field] of Object.entries(fields)) {
    if (!FIELDS[what].includes(name)) rowOf(field).remove();
  }
  for (const name of ["kind", "subject", "description"]) fields[name].value = values[name] ?? "";
  if (values.kind) kind.options[0].remove();
  worked_at.value = day;
  worked_at.max = dateText(new Date());
  start.value = began;
  if (values.duration_seconds != null) duration.value = clockText(values.duration_seconds);
  kind.onchange = offerSubject;
  duration.oninput = understand;
  parts["log-cancel"].onclick = close;
  form.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    send();
  };
  into.append(form);
  offerSubject();
  understand();
  complain("", "duration_seconds");
  duration.select();
  return { root: form, close };

  function close() {
    if (!form.isConnected) return;
    form.remove();
    closed();
  }

  function offerSubject() {
    rowOf(subject)?.toggleAttribute("hidden", !kind.value);
  }

  function read() {
    return (what === "automatic-time" ? readDuration : parseDuration)(duration.value, texts);
  }

  function understand() {
    const { seconds } = read();
    say(echo, seconds == null ? "" : _("= {time} (h:mm:ss)", { time: clockText(seconds) }));
    if (seconds != null) complain("");
  }

  /** What is wrong with it, and the field. @returns {[string, string] | null} */
  function mistake(now, isMoved) {
    const { problem } = read(), date = worked_at.value;
    if (isMoved && (!date || date > dateText(now))) return [_("Choose today or an earlier day."), "worked_at"];
    const isAhead = isMoved && start.value && instantOf(date, now, start.value) > now.toISOString();
    if (isAhead || start.validity.badInput) return [_("Write a start that is not in the future, or none."), "start"];
    if (problem) return [problem, "duration_seconds"];
    return what !== "automatic-time" || fields.reason.value.trim() ? null : [_("Say why."), "reason"];
  }

  /** What was said, or is different now. */
  function changes(now, isMoved) {
    const known = values.id ? values : {};
    const said = { kind: kind.value, duration_seconds: read().seconds, description: fields.description.value, reason: fields.reason.value, ...(kind.value && { subject: subject.value }) };
    const body = Object.fromEntries(Object.entries(said).filter(([name, value]) => FIELDS[what].includes(name) && value !== (known[name] ?? "")));
    return isMoved ? { ...body, worked_at: instantOf(worked_at.value, now, start.value), has_start: !!start.value } : body;
  }

  async function send() {
    const now = new Date(), isMoved = worked_at.isConnected && (!values.id || worked_at.value !== day || start.value !== began);
    const wrong = mistake(now, isMoved);
    if (wrong) return complain(...wrong);
    if (save.disabled) return;
    save.disabled = true;
    const body = changes(now, isMoved);
    try {
      if (values.id) await (Object.keys(body).length && change("PATCH", `${what}/${values.id}`, body));
      else if (what === "automatic-time") await change("PATCH", what, body);
      else await change("POST", kind.value ? "activities" : "time-logs", body);
      close();
    } catch (error) {
      const { status, message, fields: named } = /** @type {any} */ (error);
      const wrong = FIELDS[what].find((name) => named?.[name]);
      complain(wrong ? named[wrong] : status ? message : _("No answer: look in the history before you save again, it may be there."), wrong);
    }
    save.disabled = false;
  }

  function complain(text, about = "") {
    for (const [name, field] of Object.entries(fields)) {
      set(field, "aria-invalid", !!text && name === about);
      set(field, "aria-describedby", name === about && "problem");
    }
    if (fields[about]) rowOf(fields[about]).after(problem);
    fields[about]?.focus();
    say(problem, text);
    form.scrollIntoView({ block: "nearest" });
  }
}

/** Its row of the form; nothing if it was taken out. */
function rowOf(field) {
  return field.closest(".two, form > label");
}

/** That time of the day. Without one it is now, if the day is today; else its noon. */
export function instantOf(date, now, time = "") {
  return (date === dateText(now) && !time ? now : new Date(`${date}T${time || "12:00"}`)).toISOString();
}

export function dateText(day) {
  return new Date(Date.UTC(day.getFullYear(), day.getMonth(), day.getDate())).toISOString().slice(0, 10);
}

function timeText(instant) {
  return [instant.getHours(), instant.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
}
