// @ts-check
// What workspace and hub share: the agent, the status line, and whether the widget is on the forms.
import { startAgent } from "/client/agent.js";
import { statusLine } from "/static/helpdesk/status_line.js";

/** @typedef {import("../../../../client_js/types.d.ts").Agent} Agent */

/** The person who is signed in. */
export const username = document.body.dataset.username ?? "";

/** Start the agent of this page, and show what it does. @param {"workspace" | "hub"} app @returns {Agent} */
export function startDesk(app) {
  const agent = startAgent({ app, representative: username });
  document.getElementById("main")?.append(statusLine(agent));
  // The session ends with the answer to this form, so the last report goes out before it.
  document.querySelector('form[action$="/sign-out"]')?.addEventListener("submit", () => agent.stop());
  return agent;
}

/** Something of this person that is kept as long as the window. */
export class Kept {
  #key;

  /** @param {string} name */
  constructor(name) {
    this.#key = `caseclock:${name}:${username}`;
  }

  /** @returns {string | null} */
  read() {
    try {
      return sessionStorage.getItem(this.#key);
    } catch {
      return null;
    }
  }

  /** @param {string} value */
  write(value) {
    try {
      sessionStorage.setItem(this.#key, value);
    } catch (error) {
      console.debug("caseclock: the state of this window cannot be kept:", error);
    }
  }
}
