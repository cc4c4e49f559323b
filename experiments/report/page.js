"use strict";
(() => {
  const root = document.documentElement;
  const PAPER_PX = 680;  // what A4 and Letter have between their margins, at 96 px an inch

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

  const figureOf = (target) => JSON.parse(document.getElementById("figure-" + target.id).textContent);

  function paint(target) {
    const printing = root.classList.contains("printing");
    const style = getComputedStyle(root);
    const figure = resolved(figureOf(target), style);
    const ink = style.getPropertyValue("--ink").trim();
    const line = style.getPropertyValue("--line").trim();
    const layout = figure.layout;
    for (const name of Object.keys(layout).filter((key) => /^[xy]axis/.test(key))) {
      layout[name] = { gridcolor: line, zerolinecolor: line, linecolor: line, ...layout[name] };
      if (layout[name].title) layout[name].title.font = { size: printing ? 10 : 13 };
    }
    layout.font = { family: getComputedStyle(document.body).fontFamily, size: printing ? 10 : 13, color: ink };
    layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
    layout.hoverlabel = { bgcolor: style.getPropertyValue("--card").trim(), bordercolor: line, font: { color: ink } };
    layout.dragmode = layout.dragmode || false;
    const view = document.querySelector(`fieldset[data-chart="${target.id}"] input:checked`);
    for (const trace of view ? figure.data : []) {
      if (trace.meta) trace.visible = trace.meta.view === view.value;
    }
    if (printing) layout.width = PAPER_PX;
    Plotly.react(target, figure.data, layout, { displayModeBar: false, responsive: true });
  }

  // A chart is painted when it comes near the window: a page of many opens as fast as one of few.
  const charts = [...document.querySelectorAll(".chart")];
  const painted = new Set();
  const near = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        painted.add(target);
        paint(target);
      }
    },
    { rootMargin: "600px" },
  );
  for (const target of charts) {
    target.style.minHeight = figureOf(target).layout.height + "px";
    near.observe(target);
  }
  document.addEventListener("theme", () => painted.forEach(paint));

  for (const field of document.querySelectorAll("fieldset.switch")) {
    field.addEventListener("change", () => paint(document.getElementById(field.dataset.chart)));
  }

  // Paper shows everything, and always in the light colours.
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details.fold:not([open])")];
    folded.forEach((block) => (block.open = true));
    root.classList.add("printing");
    charts.forEach(paint);
  });
  window.addEventListener("afterprint", () => {
    folded.forEach((block) => (block.open = false));
    root.classList.remove("printing");
    charts.forEach(paint);
  });
})();
