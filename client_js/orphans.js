// @ts-check
import { Log } from "./outbox.js";

const NAME = "caseclock:";
const MONTH_MS = 2_592_000_000;
export const SILENT_MS = 240_000;

export function hold({ navigator }, id) {
  let release;
  navigator.locks?.request(NAME + id, () => new Promise((resolve) => (release = resolve))).catch(() => {});
  return () => release?.();
}

export async function orphans({ navigator, Date }, storage, owner, server_at) {
  const held = (await navigator.locks?.query())?.held.map(({ name }) => name);
  return Log.all(storage).filter((log) => {
    const { last, id } = log, now = Date.now(), own = last && (log.owner ?? owner) === owner;
    const silent = Math.abs(now - last?.at);
    if (own && (held ? !held.includes(NAME + id) && silent > 10_000 : silent > SILENT_MS + 60_000)) log.seal();
    if (!(Math.min(now, server_at) - last?.at < MONTH_MS)) log.forget();
    return own && log.last.cause === "close";
  });
}
