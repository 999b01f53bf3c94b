// @ts-check
import { ENGLISH } from "./words.js";

const MAX_SECONDS = 1000 * 3600;
const NUMBER = "(\\d+(?:[.,]\\d+)?|[.,]\\d+)\\s*";
const CLOCK = /^(\d+):([0-5]\d)(?::([0-5]\d))?$/;
const UNITS = new RegExp(`^(?:${NUMBER}h(?:ours?|rs?)?)?\\s*(?:${NUMBER}m(?:in(?:ute)?[sn]?)?)?\\s*(?:${NUMBER}s(?:e[ck](?:[ou]nd)?(?:s|en?)?)?)?$`);

/** As long as a time log may be. @type {import("./types.d.ts").ParseDuration} */
export function parseDuration(typed, texts = ENGLISH) {
  const read = readDuration(typed, texts), { seconds = 1 } = read;
  return seconds >= 1 && seconds <= MAX_SECONDS ? read : { problem: texts._("A time log has 1 second to 1,000 hours.") };
}

/** A bare whole number is minutes, one with a decimal part is hours. @type {import("./types.d.ts").ParseDuration} */
export function readDuration(typed, { _ } = ENGLISH) {
  const text = typed.normalize("NFKC").trim().toLowerCase()
    .replace(/,\s+|\b(and|und)\b/g, " ").replace(/st(d\.?|unden?)/g, "h").replace(/(min|sek)\./g, "$1")
    .replace(/(h[a-z]*\s*\d+|^\d+)$/, "$1m").replace(/^\d*[.,]\d+$/, "$&h");
  const parts = text && (CLOCK.exec(text) ?? UNITS.exec(text));
  if (!parts) return { problem: text ? _("Not understood: write 1:30, 1h30m, 90m or 1.5h.") : _("Say how long, like 1:30, 1h30m, 90m or 1.5h.") };
  const [hours, minutes, seconds] = parts.slice(1).map((part) => Number((part ?? "0").replace(",", ".")));
  return { seconds: Math.round(hours * 3600 + minutes * 60 + seconds) };
}
