import js from "@eslint/js";

const names = (/** @type {string} */ list) => Object.fromEntries(list.split(" ").map((name) => [name, "readonly"]));
const shared = "AbortController Blob CustomEvent Event EventTarget TextEncoder URL console fetch setTimeout clearTimeout setInterval clearInterval queueMicrotask structuredClone";
const browser = "window document navigator location customElements HTMLElement CSSStyleSheet ShadowRoot WebSocket localStorage performance crypto requestAnimationFrame cancelAnimationFrame";

export default [
  { ignores: ["node_modules/", ".venv/", "var/", "build/", "server/"] },
  js.configs.recommended,
  { files: ["client_js/**/*.js"], languageOptions: { globals: names(`${shared} ${browser}`) } },
  { files: ["tests/js/**/*.js"], languageOptions: { globals: names(`${shared} process setImmediate`) } },
];
