// @ts-check
import { parseDuration, wordText } from "./duration.js";
import { element, say, set } from "./elements.js";

/** The form for a time log: date, duration, description. */
export class LogForm {
  #fields = {
    worked_at: element("input", { type: "date", test: "log-date" }),
    duration_seconds: element("input", { autocomplete: "off", placeholder: "1:30, 90m, 1.5h", test: "log-duration" }),
    description: element("textarea", { rows: 2, maxlength: 2000, test: "log-description" }),
  };
  #echo = element("p", { class: "echo", role: "status", test: "log-understood" });
  #problem = element("p", { class: "problem", role: "alert", id: "problem", test: "log-problem" });
  #save = element("button", { class: "button primary", test: "log-save" }, "Save");
  #closed;

  constructor(log, closed) {
    const { worked_at, duration_seconds, description } = this.#fields;
    const label = (name, field) => element("label", {}, name, field);
    const cancel = element("button", { type: "button", class: "button", test: "log-cancel" }, "Cancel");
    this.#closed = closed;
    this.element = element("form", { novalidate: true, hidden: true, "aria-label": "Add time log", test: "add-form" },
      element("div", { class: "two" }, label("Date", worked_at), label("Duration", duration_seconds)),
      this.#echo, label("Description", description), this.#problem,
      element("div", { class: "actions" }, this.#save, cancel));
    duration_seconds.oninput = () => this.#understand();
    cancel.onclick = () => this.close();
    this.element.onkeydown = ({ key }) => key === "Escape" && this.close();
    this.element.onsubmit = (event) => {
      event.preventDefault();
      this.#send(log);
    };
  }

  open() {
    const { worked_at, duration_seconds } = this.#fields;
    this.element.reset();
    this.element.hidden = false;
    worked_at.value = worked_at.max = dateText(new Date());
    this.#complain("");
    this.#understand();
    this.element.scrollIntoView({ block: "nearest" });
    duration_seconds.focus();
  }

  close() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.#closed();
  }

  #understand() {
    const { seconds } = parseDuration(this.#fields.duration_seconds.value);
    say(this.#echo, seconds ? `= ${wordText(seconds)}` : "");
    if (seconds) this.#complain("");
  }

  async #send(log) {
    const { worked_at: { value: date }, duration_seconds: { value }, description } = this.#fields;
    const { seconds, problem } = parseDuration(value), now = new Date();
    if (!date || date > dateText(now)) return this.#complain("Choose today or an earlier day.", "worked_at");
    if (problem) return this.#complain(problem, "duration_seconds");
    if (this.#save.disabled) return;
    this.#save.disabled = true;
    try {
      await log({ duration_seconds: seconds, description: description.value, worked_at: instantOf(date, now) });
      this.close();
    } catch (error) {
      const { status, message, fields } = /** @type {any} */ (error);
      const [field, words] = Object.entries(fields ?? {}).find(([name]) => name in this.#fields) ?? [];
      this.#complain(words ?? (status ? message : "No answer: look in the history before you save again, it may be there."), field);
    }
    this.#save.disabled = false;
  }

  /** Says what is wrong, and with which field. */
  #complain(text, wrong) {
    for (const [name, field] of Object.entries(this.#fields)) {
      set(field, "aria-invalid", name === wrong);
      set(field, "aria-describedby", name === wrong && "problem");
      if (name !== wrong) continue;
      field.closest(".two, label")?.after(this.#problem);
      field.focus();
    }
    say(this.#problem, text);
  }
}

/** The instant that a chosen day stands for: now if it is today, else its noon. */
export function instantOf(date, now) {
  return (date === dateText(now) ? now : new Date(`${date}T12:00`)).toISOString();
}

/** A day where the person is, as date fields write it. */
export function dateText(day) {
  return new Date(Date.UTC(day.getFullYear(), day.getMonth(), day.getDate())).toISOString().slice(0, 10);
}
