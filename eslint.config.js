import js from "@eslint/js";

export default [
  { ignores: ["node_modules/", ".venv/", "var/", "build/", "server/web/static/vendor/"] },
  js.configs.recommended,
  // Names that do not exist are found by tsc, which knows what a browser has.
  { rules: { "no-undef": "off" } },
];
