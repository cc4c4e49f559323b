"use strict";
(() => {
  const root = document.documentElement;
  const theme = window.matchMedia("(prefers-color-scheme: dark)");

  // Colours in the figures are names of the page's own variables, so that both themes share one figure.
  function resolved(value, style) {
    if (typeof value === "string") {
      const name = /^var\((--[\w-]+)\)$/.exec(value);
      return name ? style.getPropertyValue(name[1]).trim() : value;
    }
    if (Array.isArray(value)) return value.map((inner) => resolved(inner, style));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner, style)]));
    }
    return value;
  }

  function paint(target) {
    const style = getComputedStyle(root);
    const figure = resolved(JSON.parse(document.getElementById("figure-" + target.id).textContent), style);
    const ink = style.getPropertyValue("--ink").trim();
    const line = style.getPropertyValue("--line").trim();
    const layout = figure.layout;
    for (const name of Object.keys(layout).filter((key) => /^[xy]axis/.test(key))) {
      layout[name] = { gridcolor: line, zerolinecolor: line, linecolor: line, ...layout[name] };
      if (layout[name].title) layout[name].title.font = { size: 13 };
    }
    layout.font = { family: getComputedStyle(document.body).fontFamily, size: 13, color: ink };
    layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
    layout.hoverlabel = { bgcolor: style.getPropertyValue("--card").trim(), bordercolor: line, font: { color: ink } };
    layout.dragmode = false;
    Plotly.react(target, figure.data, layout, { displayModeBar: false, responsive: true });
  }

  const paintAll = () => document.querySelectorAll(".chart").forEach(paint);
  paintAll();
  theme.addEventListener("change", paintAll);

  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details.fold:not([open])")];
    folded.forEach((block) => (block.open = true));
    root.classList.add("printing");
    paintAll();
  });
  window.addEventListener("afterprint", () => {
    folded.forEach((block) => (block.open = false));
    root.classList.remove("printing");
    paintAll();
  });
})();
