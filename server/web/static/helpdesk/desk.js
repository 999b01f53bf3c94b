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
  tellWhenBack(agent);
  // The session ends with the answer to this form, so the last report goes out before it.
  document.querySelector('form[action$="/sign-out"]')?.addEventListener("submit", () => agent.stop());
  return agent;
}

/** What waits for the server need not wait longer than the agent. @param {Agent} agent */
function tellWhenBack(agent) {
  let was = agent.status.connection;
  agent.addEventListener("status", () => {
    const { connection } = agent.status;
    if (connection === "online" && was !== "online") dispatchEvent(new Event("caseclock:online"));
    was = connection;
  });
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
