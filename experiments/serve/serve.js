"use strict";
(() => {
  // Follows the studies that run on this page, as long as it is looked at. Only texts are set, never HTML.
  const EVERY_MS = 2000;
  const live = () => [...document.querySelectorAll("[data-live]")];
  const said = document.querySelector("[data-said]");
  const known = document.querySelector("[data-studies]");

  function show(target, now) {
    for (const part of target.querySelectorAll("[data-text]")) {
      const text = now[part.dataset.text] ?? "";
      if (part.textContent !== text) part.textContent = text;
    }
    const bar = target.querySelector("progress");
    if (bar && now.expected) {
      bar.max = now.expected;
      bar.value = now.done;
    }
    if (now.state === target.dataset.state) return;
    target.querySelector(".state").className = `state state-${now.state}`;
    target.dataset.state = now.state;
    if (now.state !== "runs") delete target.dataset.live;
    say(`${target.dataset.name}: ${now.state_text}.`);
  }

  // Spoken by a screen reader, too: so only what is worth an interruption.
  function say(text) {
    const again = document.createElement("a");
    again.href = location.href;
    again.textContent = document.body.dataset.again;
    said.replaceChildren(`${text} `, again);
  }

  async function look() {
    const targets = live();
    if (!document.hidden && (targets.length || known)) {
      const asked = new URLSearchParams(targets.map((target) => ["study", target.dataset.study]));
      try {
        const answer = await fetch(`/live.json?${asked}`, { cache: "no-store" });
        if (answer.ok) {
          const { n_studies, n_text, studies } = await answer.json();
          targets.forEach((target) => studies[target.dataset.study] && show(target, studies[target.dataset.study]));
          if (known && n_studies !== Number(known.dataset.studies)) {
            known.dataset.studies = n_studies;
            say(n_text);
          }
        }
      } catch {
        // The server has ended or the machine slept: the next look tells.
      }
    }
    setTimeout(look, EVERY_MS);
  }

  setTimeout(look, EVERY_MS);
})();
