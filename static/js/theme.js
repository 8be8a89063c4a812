// Runs before the first paint, so it is small and blocks: the chosen theme, and the mark that scripts run.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  root.classList.add("js");

  const remembered = () => {
    try {
      return localStorage.getItem("adsapp.theme");
    } catch {
      return null; // storage may be forbidden; the page then follows the system
    }
  };

  const remember = (theme) => {
    try {
      if (theme) localStorage.setItem("adsapp.theme", theme);
      else localStorage.removeItem("adsapp.theme");
    } catch {
      return; // the choice then lasts for this page only
    }
  };

  const apply = (theme) => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
  };

  const chosen = remembered();
  if (chosen === "light" || chosen === "dark") apply(chosen);

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const systemTheme = system.matches ? "dark" : "light";
    const shown = root.dataset.theme ?? systemTheme;
    const wanted = shown === "dark" ? "light" : "dark";
    const override = wanted === systemTheme ? null : wanted;
    apply(override);
    remember(override);
  });
})();
