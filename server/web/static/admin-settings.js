// @ts-check
// The settings: what was changed is marked, only that is sent, and a value that is refused is named at its field.
import { byId, notice, problemOf, sentencesIn } from "/static/admin-parts.js";
import { dateIn, timeOfDay } from "/static/days.js";
import { fill, h, loading } from "/static/dom.js";
import { ApiError, api, isAway, withQuery } from "/static/http.js";
import { _, ngettext } from "/static/i18n.js";
import { Loader } from "/static/loader.js";

const PATH = "/api/v1/settings/tracking";
const CHANGES = withQuery("/api/v1/audit-log", { action: "settings.changed", limit: 1 });

/** @param {{zone: string}} options */
export function startSettings({ zone }) {
  const form = byId("settings-form", HTMLFormElement);
  const state = byId("settings-state");
  const last = byId("settings-last");
  const status = byId("settings-status");
  const problem = byId("settings-problem");
  const save = byId("save-settings", HTMLButtonElement);
  const discard = byId("discard-settings", HTMLButtonElement);
  const inputs = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("input")]);
  const title = () => byId("settings-title");
  const settings = new Loader({ place: state, load, landing: title });
  const lastChange = new Loader({ place: last, load: loadLast, landing: title, shows: () => !form.hidden });
  /** @type {Record<string, unknown>} */
  let saved = {};
  /** What the server said of the values that are still there. @type {Map<string, string>} */
  const refused = new Map();

  form.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLInputElement) refused.delete(target.name);
    show();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    store();
  });
  discard.addEventListener("click", () => {
    put(saved);
    status.textContent = _("The changes are discarded.");
    save.focus();
  });
  addEventListener("beforeunload", (event) => {
    if (Object.keys(changes()).length) event.preventDefault();
  });
  fill(state, loading(_("Loading the settings …")));
  settings.run();
  lastChange.run();

  /** @param {AbortSignal} signal */
  async function load(signal) {
    put(await api("GET", PATH, undefined, { signal }));
    fill(state);
    form.hidden = false;
  }

  /** @param {AbortSignal} signal */
  async function loadLast(signal) {
    const [entry] = (await api("GET", CHANGES, undefined, { signal })).items;
    if (!entry) return fill(last, _("Never changed."));
    const at = Date.parse(entry.at);
    const values = { who: entry.actor === "system" ? _("the system") : entry.actor, day: dateIn(at, zone), time: timeOfDay(at, zone) };
    fill(last, h("p", null, _("Last changed by {who}, {day}, {time}.", values)));
  }

  async function store() {
    const changed = changes();
    if (!Object.keys(changed).length) return void (status.textContent = _("Nothing was changed."));
    if (firstBad()) return complain(_("Nothing was saved: a value is not allowed."));
    save.disabled = true;
    status.textContent = _("Saving …");
    try {
      saved = await api("PATCH", PATH, changed);
      for (const name of Object.keys(changed)) setValue(name, saved[name]);
      show();
      if (!Object.keys(changes()).length) status.textContent = _("The settings are saved.");
      lastChange.run();
      save.disabled = false;
      save.focus();
    } catch (error) {
      save.disabled = false;
      if (error instanceof ApiError) for (const [name, said] of Object.entries(error.errors)) refused.set(name, sentencesIn(said).join(" "));
      show();
      complain(isAway(error) ? _("{problem} Your changes are kept here: save them again.", { problem: problemOf(error) }) : _("Nothing was saved. {problem}", { problem: problemOf(error) }));
    }
  }

  /** @param {string} text */
  function complain(text) {
    fill(problem, notice(text));
    (firstBad() ?? save).focus();
  }

  /** @param {Record<string, unknown>} values */
  function put(values) {
    saved = values;
    refused.clear();
    for (const name of Object.keys(values)) setValue(name, values[name]);
    show();
  }

  function show() {
    const changed = Object.keys(changes());
    for (const input of inputs) {
      input.closest("[data-setting]")?.classList.toggle("is-changed", changed.includes(input.name));
      showProblem(input, problemAt(input));
      const zero = document.getElementById(`${input.name}-zero`);
      if (zero) zero.hidden = valueOf(input) !== 0;
    }
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

  function firstBad() {
    return inputs.find(problemAt);
  }

  /** Why the value of a field cannot stay; "" where it can. @param {HTMLInputElement} input */
  function problemAt(input) {
    if (!(input.name in saved)) return "";
    if (input.type !== "number" || input.validity.valid) return refused.get(input.name) ?? "";
    return _("Choose a whole number from {least} to {most}.", { least: input.min, most: input.max });
  }

  /** @param {string} name @param {unknown} value */
  function setValue(name, value) {
    const input = inputs.find((one) => one.name === name);
    if (!input) return;
    if (input.type === "checkbox") input.checked = value === true;
    else input.value = String(value);
  }
}

/** @param {HTMLInputElement} input @param {string} text */
function showProblem(input, text) {
  const place = byId(`${input.name}-problem`);
  if (place.textContent !== text) place.textContent = text;
  input.classList.toggle("is-invalid", text !== "");
  input.setAttribute("aria-invalid", String(text !== ""));
}

/** @param {HTMLInputElement} input */
function valueOf(input) {
  if (input.type === "checkbox") return input.checked;
  return Number.isNaN(input.valueAsNumber) ? null : input.valueAsNumber;
}
