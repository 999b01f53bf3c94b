// @ts-check
const TRANSLATED = ["de"];

/** @type {import("./types.d.ts").TextsIn} */
export function textsIn(lang, { texts = {}, plural = (n) => Number(n !== 1) } = {}) {
  const put = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values?.[name] ?? all);
  return {
    lang,
    locale: globalThis.navigator?.languages?.find((one) => primary(one) === lang) ?? lang,
    _: (text, values) => put(texts[text] ?? text, values),
    ngettext: (one, many, n, values) => put((texts[one] ?? [one, many])[plural(n)], { n, ...values }),
  };
}

export const ENGLISH = textsIn("en");

/** The texts for a language tag: a promise of them, if they must be loaded first. @type {import("./types.d.ts").TextsFor} */
export function textsFor(tag) {
  const lang = primary(tag);
  if (!TRANSLATED.includes(lang)) return ENGLISH;
  return import(`../translations/${lang}.js`).then((found) => textsIn(lang, found), () => ENGLISH);
}

/** The nearest `lang`, across shadow roots; else what the browser asks for. @returns {string} */
export function languageOf(element) {
  const { host } = element.getRootNode();
  return element.closest("[lang]")?.getAttribute("lang") || (host ? languageOf(host) : navigator.language);
}

function primary(tag) {
  return tag.split("-")[0].toLowerCase();
}

/** 1:05:09 */
export function clockText(seconds) {
  const [hours, ...rest] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  return [hours, ...rest.map((part) => String(part).padStart(2, "0"))].join(":");
}

export function dayOf(day, locale) {
  return day.toLocaleDateString(locale, { dateStyle: "medium" });
}

export function agoText(ms, { _, ngettext } = ENGLISH) {
  const minutes = Math.floor(ms / 60_000), hours = Math.floor(minutes / 60);
  if (minutes < 1) return _("just now");
  if (hours < 1) return _("{n} min ago", { n: minutes });
  return hours < 24 ? _("{n} h ago", { n: hours }) : ngettext("{n} d ago", "{n} d ago", Math.floor(hours / 24));
}

/** Of the first and the last word. */
export function initials(name) {
  const letters = name.trim().split(/\s+/).map((word) => [...word][0] ?? "");
  return [letters[0], ...letters.slice(1).slice(-1)].join("").toUpperCase();
}
