// @ts-check
// What was missed and waits for an answer: one list for all pages of a person in this browser.
const KEY = "caseclock:idle:";
const MOST = 5;
const TOUCH_MS = 2000;
/** How long an answer may take, of the time in which somebody is there. */
export const PATIENCE_S = 600;

/** With what was missed now; what touches the last of the same case is one with it, unless that was sent already. @type {import("./types.d.ts").WithMissed} */
export function withMissed(list, { case: ref, from, to }, id) {
  const last = list.at(-1);
  if (last?.case === ref && !last.sent && from - last.to <= TOUCH_MS) return [...list.slice(0, -1), { ...last, to, asked: 0 }];
  return [...list, { id, case: ref, from, to, asked: 0, sent: false }].slice(-MOST);
}

/** After so many seconds more in which the first one was asked. @type {import("./types.d.ts").WithAsked} */
export function withAsked([first, ...rest], seconds) {
  const asked = first.asked + seconds;
  return asked < PATIENCE_S ? [{ ...first, asked }, ...rest] : rest;
}

export class Unanswered {
  #memory = new Map();

  /** @param {Storage} [storage] */
  constructor(storage) {
    this.storage = storage;
  }

  /** @param {string | undefined} who @returns {import("./types.d.ts").Question[]} */
  of(who) {
    if (!who) return [];
    if (!this.storage) return this.#memory.get(who) ?? [];
    try {
      return JSON.parse(this.storage.getItem(KEY + who) ?? "[]");
    } catch {
      return [];
    }
  }

  /** @param {string} who @param {import("./types.d.ts").Question[]} list */
  keep(who, list) {
    this.#memory.set(who, list);
    try {
      if (list.length) this.storage?.setItem(KEY + who, JSON.stringify(list));
      else this.storage?.removeItem(KEY + who);
    } catch {
      this.storage = undefined;
    }
  }

  /** Whether news of the storage may be of these. @param {string | null} key */
  isKey(key) {
    return key === null || key.startsWith(KEY);
  }
}
