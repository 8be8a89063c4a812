// Light or dark as chosen here instead of the system's. The choice is a cookie, so that the server writes it into the page
// (<html data-theme>): there is no flash of the other one, and no script that holds back the first paint.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const A_YEAR = 31_536_000; // seconds

const remember = (theme) => {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `adsapp-theme=${theme ?? ""}; Path=/; Max-Age=${theme ? A_YEAR : 0}; SameSite=Lax${secure}`;
};

const apply = (theme) => {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
};

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-toggle]")) return;
  const systemTheme = system.matches ? "dark" : "light";
  const shown = root.dataset.theme ?? systemTheme;
  const wanted = shown === "dark" ? "light" : "dark";
  const override = wanted === systemTheme ? null : wanted;
  apply(override);
  remember(override);
});
