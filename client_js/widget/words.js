// @ts-check

/** 1:05:09 */
export function clockText(seconds) {
  const [hours, ...rest] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  return [hours, ...rest.map((part) => String(part).padStart(2, "0"))].join(":");
}

export function agoText(ms) {
  const minutes = Math.floor(ms / 60_000), hours = Math.floor(minutes / 60);
  return minutes < 1 ? "just now" : hours < 1 ? `${minutes} min ago` : hours < 24 ? `${hours} h ago` : `${Math.floor(hours / 24)} d ago`;
}

/** Of the first and the last word. */
export function initials(name) {
  const letters = name.trim().split(/\s+/).map((word) => [...word][0] ?? "");
  return [letters[0], ...letters.slice(1).slice(-1)].join("").toUpperCase();
}
