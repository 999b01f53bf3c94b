// @ts-check
// The board as the server pushes it, over the socket of the agents; after a loss it comes back by itself, as theirs does.
import { connectionOf } from "/client/socket.js";
import { BACK } from "/static/retry.js";

const LOOK_MS = 1000;
/** A page that nobody sees needs no news. */
const UNSEEN_MS = 60_000;
const NOT_FOR_YOU = 4403;

/** @typedef {"offline" | "online" | "signed-out" | "refused" | "resting"} Connection */
/** @typedef {{type: "board", at: string, people: import("./board-people.js").Told[]}} Whole */
/** @typedef {{type: "board_change", at: string, person: import("./board-people.js").Told}} Change */
/** @typedef {Pick<typeof globalThis, "Date" | "Math" | "WebSocket" | "performance" | "setInterval" | "addEventListener"> & {document: Pick<Document, "visibilityState" | "addEventListener">}} Env */

/**
 * Hear of the board for as long as the page lives.
 * @param {object} options
 * @param {string} options.url of the socket
 * @param {string} options.stream a fresh UUID: the board is no page that works, but says hello like one
 * @param {(message: Whole | Change) => void} options.hear
 * @param {(state: Connection) => void} options.tell
 * @param {Env} [env]
 */
export function watchBoard({ url, stream, hear, tell }, env = globalThis) {
  const hello = async () => ({ type: "hello", protocol: 1, stream, app: "embed", agent: "caseclock-board/1.0", sent_at: env.Date.now(), token: null });
  const connection = connectionOf(/** @type {any} */ (env), url, hello, (/** @type {string | null} */ text) => text !== null && take(JSON.parse(text)));
  let seenAt = env.performance.now();
  /** @type {Connection | null} */
  let told = null;

  look();
  env.setInterval(look, LOOK_MS);
  env.document.addEventListener("visibilitychange", look);
  for (const type of BACK) env.addEventListener(type, hurry);

  function look() {
    const now = env.performance.now();
    if (env.document.visibilityState === "visible") seenAt = now;
    const isWanted = now - seenAt < UNSEEN_MS;
    connection.tick(isWanted);
    const state = isWanted ? /** @type {Connection} */ (connection.state) : "resting";
    if (state !== told) tell((told = state));
  }

  function hurry() {
    connection.hurry();
    look();
  }

  /** @param {any} message */
  function take(message) {
    if (message.type === "welcome") {
      connection.state = "online";
      connection.send({ type: "watch_board" });
    } else if (message.type === "error") connection.restart(message.code === "not_allowed" ? NOT_FOR_YOU : undefined);
    else if (message.type === "board" || message.type === "board_change") hear(message);
    look();
  }
}
