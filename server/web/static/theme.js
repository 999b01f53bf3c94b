// @ts-check
// Sets the theme before the first paint, so that no page flashes in the wrong one. Loaded in <head>, not as a module.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      const kept = localStorage.getItem("caseclock:theme");
      return kept === "light" || kept === "dark" ? kept : null;
    } catch {
      return null;
    }
  };
  const apply = () => {
    document.documentElement.dataset.bsTheme = chosen() ?? (dark.matches ? "dark" : "light");
  };
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("caseclock:theme", apply);
  apply();
})();
