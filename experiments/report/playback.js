"use strict";

// One clock, one view, and a canvas for each plan. Nothing moves until it is asked to.
class Playback {
  constructor(root, data) {
    this.root = root;
    this.plans = data.plans;
    this.seconds = data.seconds;
    this.scene = new PlaybackScene(data.network);
    this.canvases = [...root.querySelectorAll("canvas")];
    this.counts = [...root.querySelectorAll(".count")];
    this.names = [...root.querySelectorAll("figcaption")];
    this.part = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
    this.time = 0;
    this.playing = false;
    this.framed = 0;
    this.pointers = new Map();
    this.listen();
    this.themed();
    root.classList.add("unpacked");
    this.resized();
    this.view = this.scene.near(this.width, this.height);
    this.seek(0);
  }

  get speed() {
    return Number(this.part.speed.value);
  }

  listen() {
    const { root, part } = this;
    const stage = part.stage;
    for (const button of root.querySelectorAll("button[data-key]")) {
      button.addEventListener("click", () => this.act(button.dataset.key, false));
    }
    part.time.addEventListener("input", () => this.seek(Number(part.time.value)));
    stage.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target === stage && this.act(event.key, event.shiftKey)) event.preventDefault();
    });
    for (const canvas of this.canvases) {
      canvas.addEventListener("pointerdown", (event) => {
        canvas.setPointerCapture(event.pointerId);
        this.pointers.set(event.pointerId, event);
      });
      canvas.addEventListener("pointermove", (event) => {
        const before = this.pointers.get(event.pointerId);
        if (!before) return;
        this.pointers.set(event.pointerId, event);
        this.pan((before.clientX - event.clientX) * this.dpr, (before.clientY - event.clientY) * this.dpr);
      });
      for (const name of ["pointerup", "pointercancel"]) {
        canvas.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
      }
      // Without the control key the wheel goes on scrolling the page.
      const wheel = (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        const box = canvas.getBoundingClientRect();
        const [dx, dy] = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
        this.zoom(2 ** (-event.deltaY / 240), dx * this.dpr, dy * this.dpr);
      };
      canvas.addEventListener("wheel", wheel, { passive: false });
    }
    new ResizeObserver(() => this.resized()).observe(stage);
    document.addEventListener("theme", () => this.themed());
    addEventListener("beforeprint", () => this.themed(true));
    addEventListener("afterprint", () => this.themed(false));
  }

  // Does what a key stands for; says whether it stands for anything.
  act(key, far) {
    const step = far ? 10 : 1;
    const move = 0.15 * this.height;
    const acts = {
      " ": () => (this.playing ? this.pause() : this.play()),
      ArrowLeft: () => this.step(-step),
      ArrowRight: () => this.step(step),
      Home: () => this.seek(0),
      End: () => this.seek(this.seconds),
      ArrowUp: () => this.faster(1),
      ArrowDown: () => this.faster(-1),
      "+": () => this.zoom(1.5),
      "=": () => this.zoom(1.5),
      "-": () => this.zoom(1 / 1.5),
      0: () => this.look(this.scene.whole(this.width, this.height)),
      1: () => this.look(this.scene.near(this.width, this.height)),
      w: () => this.pan(0, -move),
      a: () => this.pan(-move, 0),
      s: () => this.pan(0, move),
      d: () => this.pan(move, 0),
    };
    acts[key]?.();
    return key in acts;
  }

  play() {
    if (this.time >= this.seconds) this.seek(0);
    this.setPlaying(true);
    let last = performance.now();
    const run = (now) => {
      if (!this.playing) return;
      // A hidden page gets no frames; what it missed is not caught up with.
      this.time = Math.min(this.seconds, this.time + Math.min(0.25, Math.max(0, now - last) / 1000) * this.speed);
      last = now;
      this.show();
      if (this.time >= this.seconds) this.pause();
      else requestAnimationFrame(run);
    };
    requestAnimationFrame(run);
  }

  pause() {
    this.setPlaying(false);
    this.tell();
  }

  setPlaying(playing) {
    this.playing = playing;
    const { play } = this.part;
    play.textContent = playing ? play.dataset.pause : play.dataset.play;
  }

  step(seconds) {
    this.seek(Math.round(this.time) + seconds);
  }

  seek(time) {
    this.time = Math.min(this.seconds, Math.max(0, time));
    this.show();
    this.tell();
  }

  faster(by) {
    const { options, selectedIndex } = this.part.speed;
    this.part.speed.selectedIndex = Math.min(options.length - 1, Math.max(0, selectedIndex + by));
  }

  pan(dx, dy) {
    const { x, y, scale } = this.view;
    this.look({ x: x + dx / scale, y: y - dy / scale, scale });
  }

  // What lies (dx, dy) pixels off the centre stays where it is.
  zoom(factor, dx = 0, dy = 0) {
    const { x, y, scale } = this.view;
    const next = Math.min(40 * this.dpr, Math.max(0.02, scale * factor));
    this.look({ x: x + dx / scale - dx / next, y: y - dy / scale + dy / next, scale: next });
  }

  look(view) {
    this.view = view;
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      this.repaint();
    }, 120);
    this.show();
  }

  resized() {
    const box = this.canvases[0].getBoundingClientRect();
    const dpr = Math.min(2, devicePixelRatio || 1);
    const [width, height] = [Math.max(1, Math.round(box.width * dpr)), Math.max(1, Math.round(box.height * dpr))];
    if (width === this.width && height === this.height) return;
    if (this.view) this.view.scale *= width / this.width;
    Object.assign(this, { width, height, dpr });
    this.colours.dpr = dpr;
    for (const canvas of this.canvases) Object.assign(canvas, { width, height });
    this.contexts = this.canvases.map((canvas) => canvas.getContext("2d", { alpha: false }));
    if (this.view) this.repaint();
  }

  // Colours are variables of the page, as light or dark as it is; paper is light.
  themed(printing = false) {
    document.documentElement.classList.toggle("printing", printing);
    const style = getComputedStyle(this.root);
    const of = (name) => style.getPropertyValue(`--${name}`).trim();
    this.colours = {
      ground: of("paper"), road: of("road"), edge: of("road-edge"), path: of("path"), crossing: of("crossing"),
      levels: ["speed-0", "speed-1", "speed-2", "speed-3"].map(of), person: of("person"),
      go: of("green"), gives: of("green"), soon: of("amber"), stop: of("red"), dpr: this.dpr,
    };
    if (this.view) this.repaint();
  }

  repaint() {
    this.scene.paintGround(this.width, this.height, this.view, this.colours);
    this.show();
  }

  show() {
    if (!this.scene.groundView) this.scene.paintGround(this.width, this.height, this.view, this.colours);
    this.contexts.forEach((context, i) => this.scene.draw(context, this.plans[i], this.time, this.view, this.colours));
    const second = Math.floor(this.time);
    if (second !== this.framed) this.tell();
  }

  // Time and counts as text, once a second.
  tell() {
    const second = (this.framed = Math.floor(this.time));
    const clock = playbackClock(Number(this.root.dataset.beginS) + second);
    const { time, clock: output } = this.part;
    time.value = String(second);
    time.setAttribute("aria-valuetext", clock);
    output.textContent = clock;
    this.plans.forEach((plan, i) => {
      const [present, standing] = this.present(plan, second);
      const text = this.root.dataset.count.replace("{present}", present).replace("{standing}", standing);
      this.counts[i].textContent = text;
    });
    // What is said aloud when it stands still or is moved by hand.
    if (!this.playing) {
      const said = this.counts.map((count, i) => `${this.names[i].textContent} ${count.textContent}`);
      this.part.status.textContent = [clock, ...said].join("\n");
    }
  }

  present(plan, second) {
    let [present, standing] = [0, 0];
    for (let i = 0; i < plan.n; i++) {
      const k = second - plan.start[i];
      if (k < 0 || k >= plan.count[i] || plan.kind[i] === PLAYBACK_PERSON) continue;
      present += 1;
      standing += plan.level[plan.first[i] + k] === 0;
    }
    return [present, standing];
  }
}

function playbackClock(seconds) {
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
}

{
  const root = document.getElementById("playback");
  const data = document.getElementById("playback-data");
  if (root) {
    const old = typeof DecompressionStream === "undefined";
    (old ? Promise.reject(new Error("no DecompressionStream")) : unpackPlayback(data.textContent)).then(
      (unpacked) => {
        root.playback = new Playback(root, unpacked);
      },
      () => root.classList.add("unreadable"),
    );
  }
}
