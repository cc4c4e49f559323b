"use strict";
(() => {
  // Runs in the head, so that no page flashes in the other theme. The reader's choice is remembered, else the system's holds.
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const key = "greensplit-theme";
  let chosen = null;
  try {
    chosen = localStorage.getItem(key);
  } catch {
    // A browser may forbid a local file to remember anything.
  }

  const buttons = () => document.querySelectorAll("button.theme");

  function show() {
    const dark = chosen ? chosen === "dark" : system.matches;
    root.dataset.theme = dark ? "dark" : "light";
    buttons().forEach((button) => button.setAttribute("aria-pressed", dark));
  }

  function change() {
    show();
    document.dispatchEvent(new Event("theme"));
  }

  function choose() {
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    change();
    try {
      localStorage.setItem(key, chosen);
    } catch {
      // It holds for this time.
    }
  }

  show();
  system.addEventListener("change", change);
  document.addEventListener("DOMContentLoaded", () => {
    show();
    buttons().forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", choose);
    });
  });
})();
