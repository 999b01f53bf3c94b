// @ts-check
// What every page has: the links to the pages, and the theme toggle.
import { _ } from "/static/i18n.js";

const KEY = "caseclock:theme";
const THEMES = /** @type {const} */ (["system", "light", "dark"]);
const NAMES = { system: _("as the system"), light: _("light"), dark: _("dark") };

document.querySelector(".topbar-links [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
for (const button of document.querySelectorAll("[data-theme-toggle]")) {
  if (button instanceof HTMLButtonElement) startToggle(button);
}

/** @param {HTMLButtonElement} button */
function startToggle(button) {
  const show = () => {
    const theme = chosen();
    const label = _("Theme: {name}. Select to change", { name: NAMES[theme] });
    button.setAttribute("aria-label", label);
    button.title = label;
    button.dataset.theme = theme;
    button.querySelector("use")?.setAttribute("href", `#icon-theme-${theme}`);
  };
  button.addEventListener("click", () => {
    choose(THEMES[(THEMES.indexOf(chosen()) + 1) % THEMES.length]);
    show();
  });
  addEventListener("storage", show);
  button.hidden = false;
  show();
}

/** @returns {typeof THEMES[number]} */
function chosen() {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system";
  }
}

/** @param {typeof THEMES[number]} theme */
function choose(theme) {
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch (error) {
    console.debug("caseclock: the theme cannot be kept:", error);
  }
  dispatchEvent(new Event("caseclock:theme"));
}
