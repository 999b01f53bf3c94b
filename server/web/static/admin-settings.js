// @ts-check
// The settings: what was changed is marked, and only that is sent.
import { byId, notice, problemOf } from "/static/admin-parts.js";
import { failed, fill, loading } from "/static/dom.js";
import { api } from "/static/http.js";
import { _, ngettext } from "/static/i18n.js";
import { say } from "/static/messages.js";

const PATH = "/api/v1/settings/tracking";
const INTERVAL = "update_interval_minutes";

export function startSettings() {
  const form = byId("settings-form", HTMLFormElement);
  const state = byId("settings-state");
  const status = byId("settings-status");
  const problem = byId("settings-problem");
  const save = byId("save-settings", HTMLButtonElement);
  const discard = byId("discard-settings", HTMLButtonElement);
  const inputs = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("input")]);
  /** @type {Record<string, unknown>} */
  let saved = {};

  form.addEventListener("input", () => show());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    store();
  });
  discard.addEventListener("click", () => {
    put(saved);
    say(_("The changes are discarded."));
    save.focus();
  });
  addEventListener("beforeunload", (event) => {
    if (Object.keys(changes()).length) event.preventDefault();
  });
  load();

  async function load() {
    fill(state, loading(_("Loading the settings …")));
    try {
      put(await api("GET", PATH));
      fill(state);
      form.hidden = false;
    } catch (error) {
      fill(state, failed(error, load));
    }
  }

  async function store() {
    const changed = changes();
    if (!Object.keys(changed).length) return void (status.textContent = _("Nothing was changed."));
    save.disabled = true;
    status.textContent = _("Saving …");
    try {
      saved = await api("PATCH", PATH, changed);
      for (const name of Object.keys(changed)) setValue(name, saved[name]);
      show();
      if (!Object.keys(changes()).length) status.textContent = _("The settings are saved.");
      say(_("The settings are saved."));
    } catch (error) {
      show();
      fill(problem, notice(_("Nothing was saved. {problem}", { problem: problemOf(error) })));
    } finally {
      save.disabled = false;
      (problem.hasChildNodes() && intervalHint() ? (field(INTERVAL) ?? save) : save).focus();
    }
  }

  /** @param {Record<string, unknown>} values */
  function put(values) {
    saved = values;
    for (const name of Object.keys(values)) setValue(name, values[name]);
    show();
  }

  function show() {
    const changed = Object.keys(changes());
    for (const input of inputs) input.closest("[data-setting]")?.classList.toggle("is-changed", changed.includes(input.name));
    const hint = intervalHint();
    byId("interval-hint").textContent = hint;
    field(INTERVAL)?.classList.toggle("is-invalid", hint !== "");
    field(INTERVAL)?.setAttribute("aria-invalid", String(hint !== ""));
    discard.hidden = !changed.length;
    form.classList.toggle("is-changed", changed.length > 0);
    status.textContent = changed.length ? ngettext("{n} unsaved change", "{n} unsaved changes", changed.length) : "";
    fill(problem);
  }

  /** What the form says otherwise than the server. @returns {Record<string, unknown>} */
  function changes() {
    const known = inputs.filter((input) => input.name in saved);
    return Object.fromEntries(known.map((input) => [input.name, valueOf(input)]).filter(([name, value]) => value !== saved[String(name)]));
  }

  function intervalHint() {
    const input = field(INTERVAL);
    if (!input || !(INTERVAL in saved)) return "";
    const value = valueOf(input);
    const [least, most] = [Number(input.min), Number(input.max)];
    const isFine = typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
    return isFine ? "" : _("Choose a whole number of minutes from {least} to {most}.", { least, most });
  }

  /** @param {string} name @param {unknown} value */
  function setValue(name, value) {
    const input = field(name);
    if (!input) return;
    if (input.type === "checkbox") input.checked = value === true;
    else input.value = String(value);
  }

  /** @param {string} name */
  function field(name) {
    return inputs.find((input) => input.name === name);
  }
}

/** @param {HTMLInputElement} input */
function valueOf(input) {
  if (input.type === "checkbox") return input.checked;
  return Number.isNaN(input.valueAsNumber) ? null : input.valueAsNumber;
}
