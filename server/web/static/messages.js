// @ts-check
// Short messages over the page: what was done, and what went wrong.
import { h, icon } from "/static/dom.js";
import { _ } from "/static/i18n.js";

const SHOWN_MS = 6000;

/** Say that something is done; it leaves by itself. @param {string} text */
export function say(text) {
  const message = put(text, "status", "message-done");
  setTimeout(() => message.remove(), SHOWN_MS);
}

/** Say what went wrong; it stays until it is closed. @param {unknown} error an Error or a sentence */
export function complain(error) {
  const text = error instanceof Error ? error.message : String(error);
  if (!(error instanceof Error && error.name === "AbortError")) put(text, "alert", "message-problem");
}

/** @param {string} text @param {"status" | "alert"} role @param {string} look */
function put(text, role, look) {
  const place = document.getElementById("messages") ?? document.body;
  for (const older of place.querySelectorAll(".message")) if (older.firstElementChild?.textContent === text) older.remove();
  const message = h("div", { class: `message ${look}`, role, "data-testid": role === "alert" ? "error-message" : "done-message" }, h("span", null, text));
  const close = h("button", { type: "button", class: "icon-button", "aria-label": _("Close message"), onclick: () => message.remove() }, icon("close"));
  message.append(close);
  place.append(message);
  return message;
}
