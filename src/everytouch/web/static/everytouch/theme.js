// Before anything is painted: light or dark, as the visitor chose or the system says.
(() => {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => sessionStorage.getItem("theme") || root.dataset.theme;
  const apply = () => {
    const theme = chosen() === "auto" || !chosen() ? (dark.matches ? "dark" : "light") : chosen();
    root.setAttribute("data-bs-theme", theme);
    dispatchEvent(new Event("theme"));
  };
  // What was chosen just now counts until a page comes that knows of it.
  if (root.dataset.theme === sessionStorage.getItem("theme")) sessionStorage.removeItem("theme");
  dark.addEventListener("change", apply);
  globalThis.everytouchTheme = apply;
  apply();
})();
