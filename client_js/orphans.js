// @ts-check
import { Log } from "./outbox.js";

const NAME = "caseclock:";
/** Without Web Locks a page starts anew after this. */
export const SILENT_MS = 240_000;

export function hold({ navigator }, id) {
  let release;
  navigator.locks?.request(NAME + id, () => new Promise((resolve) => (release = resolve))).catch(() => {});
  return () => release?.();
}

/** Streams whose page is gone. */
export async function orphans({ navigator, Date }, storage, owner) {
  const held = (await navigator.locks?.query())?.held.map(({ name }) => name);
  return Log.all(storage).filter((log) => {
    if (!log.last || (log.owner ?? owner) !== owner) return false;
    const silent = Math.abs(Date.now() - log.last.at);
    const gone = held ? !held.includes(NAME + log.id) && silent > 10_000 : silent > SILENT_MS + 60_000;
    if (gone) log.seal();
    return log.last.cause === "close";
  });
}
