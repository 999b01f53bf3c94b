// @ts-check
// Notes on a case, newest first. The demo helpdesk keeps them in this browser window alone.
import { fill, h } from "/static/dom.js";
import { instant } from "/static/format.js";
import { _ } from "/static/i18n.js";

let made = 0;

/** @param {string} ref */
export function notesArea(ref) {
  const key = `caseclock:notes:${document.body.dataset.username}:${ref}`;
  const id = `note-${++made}`;
  const text = h("textarea", { class: "form-control", id, rows: 2, maxlength: 5000, "data-testid": "note-text" });
  const list = h("ol", { class: "timeline", "data-testid": "notes" });
  const show = () => fill(list, ...read(key).map(({ at, text }) => h("li", null, h("p", { class: "muted" }, instant(at)), h("p", null, text))));
  const add = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!text.value.trim()) return text.focus();
    write(key, [{ at: new Date().toISOString(), text: text.value.trim() }, ...read(key)]);
    text.value = "";
    show();
  };
  show();
  return h(
    "form",
    { class: "notes", onsubmit: add },
    h("label", { class: "form-label", for: id }, _("New note (kept in this window)")),
    text,
    h("button", { type: "submit", class: "btn btn-sm btn-outline-secondary", "data-testid": "note-add" }, _("Add note")),
    list,
  );
}

/** @param {string} key @returns {{at: string, text: string}[]} */
function read(key) {
  try {
    const notes = JSON.parse(sessionStorage.getItem(key) ?? "[]");
    return Array.isArray(notes) ? notes : [];
  } catch {
    return [];
  }
}

/** @param {string} key @param {{at: string, text: string}[]} notes */
function write(key, notes) {
  try {
    sessionStorage.setItem(key, JSON.stringify(notes));
  } catch (error) {
    console.debug("caseclock: the notes cannot be kept:", error);
  }
}
