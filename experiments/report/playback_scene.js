"use strict";

const PLAYBACK_HALF_WIDTH_M = [0.9, 1.25, 1.2, 0.35, 0.3]; // car, bus, truck, bicycle, person
const PLAYBACK_NOSE = [0, 0.3, 0.6, 0.95]; // of the length, by level: the faster the sharper
const PLAYBACK_PERSON = 4;
const PLAYBACK_LOOKS = { G: "go", g: "gives", y: "soon", Y: "soon", u: "soon", r: "stop", R: "stop", s: "stop" };

// Draws the network once, and the vehicles and signals of any plan and moment on top of it.
class PlaybackScene {
  constructor(network, seconds) {
    this.network = network;
    this.seconds = seconds;
    this.ground = document.createElement("canvas");
    this.groundView = null;
  }

  // Centre and pixels per metre at which a box of the plane fills a canvas.
  fitted(points, margin, width, height) {
    let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const { x, y } of points) {
      [west, east] = [Math.min(west, x), Math.max(east, x)];
      [south, north] = [Math.min(south, y), Math.max(north, y)];
    }
    const scale = Math.min(width / (east - west + 2 * margin), height / (north - south + 2 * margin));
    return { x: (west + east) / 2, y: (south + north) / 2, scale };
  }

  near(width, height) {
    return this.network.heads.length ? this.fitted(this.network.heads, 90, width, height) : this.whole(width, height);
  }

  whole(width, height) {
    const points = this.network.lanes.flatMap(({ x, y }) => Array.from(x, (east, i) => ({ x: east, y: y[i] })));
    return this.fitted(points, 5, width, height);
  }

  // The network as it is seen in this view; kept until it is to be seen otherwise.
  paintGround(width, height, view, colours) {
    Object.assign(this.ground, { width, height });
    this.groundView = { ...view };
    const context = this.ground.getContext("2d", { alpha: false });
    const { lanes, junctions } = this.network;
    context.fillStyle = colours.ground;
    context.fillRect(0, 0, width, height);
    context.translate(width / 2 - view.x * view.scale, height / 2 + view.y * view.scale);
    const trace = ({ x, y }) => {
      context.moveTo(x[0] * view.scale, -y[0] * view.scale);
      for (let i = 1; i < x.length; i++) context.lineTo(x[i] * view.scale, -y[i] * view.scale);
    };
    const stroke = (of, colour, inset) => {
      context.strokeStyle = colour;
      const byWidth = new Map();
      for (const lane of of) byWidth.set(lane.width, [...(byWidth.get(lane.width) ?? []), lane]);
      for (const [metres, same] of byWidth) {
        context.lineWidth = Math.max((metres - inset) * view.scale, 1);
        context.beginPath();
        same.forEach(trace);
        context.stroke();
      }
    };
    const used = (...uses) => lanes.filter((lane) => uses.includes(lane.use));
    stroke(used("footway", "cycleway", "rail"), colours.path, 0.3);
    stroke(used("road"), colours.edge, 0);
    context.fillStyle = colours.road;
    context.beginPath();
    for (const junction of junctions) trace(junction);
    context.fill();
    if (view.scale > 0.8) stroke(used("road"), colours.road, 0.4); // what is left of each lane's edge parts it from the next
    context.setLineDash([0.6 * view.scale, 0.7 * view.scale]);
    if (view.scale > 1.5) stroke(used("crossing"), colours.crossing, 0);
    context.setLineDash([]);
  }

  draw(context, plan, time, view, colours) {
    const { width, height } = context.canvas;
    const zoom = view.scale / this.groundView.scale;
    const left = width / 2 + ((this.groundView.x - view.x) * view.scale - (width / 2) * zoom);
    const top = height / 2 - ((this.groundView.y - view.y) * view.scale + (height / 2) * zoom);
    if (zoom !== 1 || left || top) {
      context.fillStyle = colours.ground;
      context.fillRect(0, 0, width, height);
    }
    context.drawImage(this.ground, left, top, width * zoom, height * zoom);
    this.drawVehicles(context, plan, time, view, colours);
    this.drawSignals(context, plan, time, view, colours);
  }

  drawVehicles(context, plan, time, view, colours) {
    const { width, height } = context.canvas;
    const paths = [0, 1, 2, 3].map(() => new Path2D());
    const persons = new Path2D();
    const { scale } = view;
    const dpr = colours.dpr;
    for (let i = 0; i < plan.n; i++) {
      const k = Math.floor(time - plan.start[i]);
      if (k < 0 || k >= plan.count[i] || (k === plan.count[i] - 1 && time > plan.start[i] + k)) continue;
      const a = plan.first[i] + k;
      const b = Math.min(a + 1, plan.first[i] + plan.count[i] - 1);
      const part = time - plan.start[i] - k;
      const x = width / 2 + (plan.x[a] + part * (plan.x[b] - plan.x[a]) - view.x) * scale;
      const y = height / 2 - (plan.y[a] + part * (plan.y[b] - plan.y[a]) - view.y) * scale;
      const length = Math.max(plan.length[i] * scale, 5 * dpr);
      if (x < -length || y < -length || x > width + length || y > height + length) continue;
      const kind = plan.kind[i];
      if (kind === PLAYBACK_PERSON) {
        const half = Math.max(0.4 * scale, 1.5 * dpr);
        persons.moveTo(x, y - half);
        persons.lineTo(x + half, y);
        persons.lineTo(x, y + half);
        persons.lineTo(x - half, y);
        continue;
      }
      const angle = plan.angle[a] + part * (plan.angle[b] - plan.angle[a]);
      const half = Math.max(PLAYBACK_HALF_WIDTH_M[kind] * scale, (kind === 3 ? 0.8 : 1.4) * dpr);
      addVehicle(paths[plan.level[a]], x, y, Math.sin(angle), Math.cos(angle), half, length, PLAYBACK_NOSE[plan.level[a]]);
    }
    paths.forEach((path, level) => {
      context.fillStyle = colours.levels[level];
      context.fill(path);
    });
    context.fillStyle = colours.person;
    context.fill(persons);
  }

  // A bar across the lane stops, a stroke from the line onwards lets go, a dashed one gives way, a diamond is between.
  drawSignals(context, plan, time, view, colours) {
    const { width, height } = context.canvas;
    const states = plan.letters.map((changes) => lettersAt(changes, time));
    const paths = Object.fromEntries(["go", "gives", "soon", "stop"].map((look) => [look, new Path2D()]));
    const ahead = Math.min(Math.max(5 * view.scale, 8 * colours.dpr), 18 * colours.dpr);
    for (const head of this.network.heads) {
      const look = PLAYBACK_LOOKS[states[head.signal][head.letter]];
      const x = width / 2 + (head.x - view.x) * view.scale;
      const y = height / 2 - (head.y - view.y) * view.scale;
      if (!look || x < 0 || y < 0 || x > width || y > height) continue; // an empty letter is a signal that is off
      const path = paths[look];
      const [east, north] = [head.east, head.north];
      if (look === "stop") {
        const half = Math.max(0.45 * head.width * view.scale, 2 * colours.dpr);
        path.moveTo(x - north * half, y - east * half);
        path.lineTo(x + north * half, y + east * half);
      } else if (look === "soon") {
        const half = 0.4 * ahead;
        path.moveTo(x, y - half);
        path.lineTo(x + half, y);
        path.lineTo(x, y + half);
        path.lineTo(x - half, y);
        path.closePath();
      } else {
        path.moveTo(x, y);
        path.lineTo(x + east * ahead, y - north * ahead);
      }
    }
    context.lineWidth = Math.min(Math.max(0.8 * view.scale, 2.5 * colours.dpr), 5 * colours.dpr);
    for (const [look, path] of Object.entries(paths)) {
      context.strokeStyle = context.fillStyle = colours[look];
      context.setLineDash(look === "gives" ? [0.4 * ahead, 0.2 * ahead] : []);
      if (look === "soon") context.fill(path);
      else context.stroke(path);
    }
    context.setLineDash([]);
  }
}

// The front's middle is at (x, y); `east` and `north` say where it looks.
function addVehicle(path, x, y, east, north, half, length, nose) {
  const back = length * Math.min(nose, 0.95);
  const [sx, sy] = [x - east * back, y + north * back];
  const [rx, ry] = [x - east * length, y + north * length];
  const [wx, wy] = [north * half, east * half];
  path.moveTo(rx - wx, ry - wy);
  path.lineTo(sx - wx, sy - wy);
  if (nose) path.lineTo(x, y);
  path.lineTo(sx + wx, sy + wy);
  path.lineTo(rx + wx, ry + wy);
}

// The letters of a signal's last change up to a moment.
function lettersAt(changes, time) {
  let [low, high] = [0, changes.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (changes[middle][0] <= time) low = middle;
    else high = middle - 1;
  }
  return changes.length ? changes[low][1] : "";
}
