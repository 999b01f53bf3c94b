// @ts-check
// The language of the page, and its texts: English ones stand in the scripts, those of another language are loaded first.
import { textsIn } from "/client/widget/words.js";

const ENGLISH = "en";
const language = document.documentElement.lang || ENGLISH;

export const { _, ngettext, locale } = textsIn(language, language === ENGLISH ? {} : await catalogue());

/** `1,204`. @param {number} value */
export function number(value) {
  return value.toLocaleString(locale);
}

/** A page whose texts cannot be loaded speaks English. @returns {Promise<import("../../../client_js/widget/types.d.ts").Catalogue>} */
async function catalogue() {
  try {
    return await import(`/static/translations/${language}.js`);
  } catch (error) {
    console.debug("caseclock: no texts:", error);
    return {};
  }
}
