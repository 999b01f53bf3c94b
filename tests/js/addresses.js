// Lets tests import the scripts of the pages, which name each other by their addresses: `node --import ./tests/js/addresses.js`.
import { register } from "node:module";

const ROOT = new URL("../../", import.meta.url).href;

register(`data:text/javascript,${encodeURIComponent(`
  export const resolve = (name, context, next) => next(name
    .replace(/^\\/static\\//, ${JSON.stringify(`${ROOT}server/web/static/`)})
    .replace(/^\\/client\\//, ${JSON.stringify(`${ROOT}client_js/`)}), context);
`)}`);

/** What they ask of the page when they are loaded. */
globalThis.document ??= /** @type {any} */ ({ documentElement: { lang: "en" } });
