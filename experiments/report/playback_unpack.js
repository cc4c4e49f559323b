"use strict";

// Undoes experiments/report/packing.py: DEFLATE, a head of JSON up to the first zero byte, then whole numbers.
async function unpackPlayback(text) {
  const packed = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const data = new Uint8Array(await new Response(stream).arrayBuffer());
  const split = data.indexOf(0);
  const head = JSON.parse(new TextDecoder().decode(data.subarray(0, split)));
  const numbers = new PlaybackNumbers(data, split + 1);
  const network = unpackNetwork(numbers);
  const plans = head.letters.map((letters) => ({ letters, ...unpackTracks(numbers, head.unit_m) }));
  return { seconds: head.seconds, network, plans };
}

// Seven bits a byte, the lowest first, the eighth says that more follow; the lowest bit of all is the sign.
class PlaybackNumbers {
  constructor(data, at) {
    this.data = data;
    this.at = at;
  }

  next() {
    let value = 0;
    let byte;
    let shift = 0;
    do {
      byte = this.data[this.at++];
      value |= (byte & 127) << shift;
      shift += 7;
    } while (byte > 127);
    return (value >>> 1) ^ -(value & 1);
  }

  column(n) {
    return Int32Array.from({ length: n }, () => this.next());
  }

  // A column of differences to the number before.
  summed(n, unit) {
    let sum = 0;
    return Float32Array.from({ length: n }, () => (sum += this.next()) * unit);
  }
}

const PLAYBACK_USES = ["road", "rail", "cycleway", "footway", "crossing"];

function unpackNetwork(numbers) {
  const shapes = (n) => {
    const counts = numbers.column(n);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const x = numbers.summed(total, 0.1);
    const y = numbers.summed(total, 0.1);
    let first = 0;
    return Array.from(counts, (count) => {
      first += count;
      return { x: x.subarray(first - count, first), y: y.subarray(first - count, first) };
    });
  };
  const nLanes = numbers.next();
  const uses = numbers.column(nLanes);
  const widths = numbers.column(nLanes);
  const lanes = shapes(nLanes).map((line, i) => ({ ...line, use: PLAYBACK_USES[uses[i]], width: widths[i] / 10 }));
  const junctions = shapes(numbers.next());
  const nHeads = numbers.next();
  const [signal, letter, turn, width] = [0, 1, 2, 3].map(() => numbers.column(nHeads));
  const x = numbers.summed(nHeads, 0.1);
  const y = numbers.summed(nHeads, 0.1);
  const heads = Array.from(signal, (of, i) => {
    const angle = (turn[i] * Math.PI) / 128;
    return { signal: of, letter: letter[i], east: Math.sin(angle), north: Math.cos(angle), width: width[i] / 10, x: x[i], y: y[i] };
  });
  return { lanes, junctions, heads };
}

// Each vehicle is a track: from second `start` on it has `count` places, the first of them at `first`.
function unpackTracks(numbers, unit) {
  const n = numbers.next();
  const start = numbers.column(n);
  for (let i = 1; i < n; i++) start[i] += start[i - 1];
  const [count, kind, length] = [0, 1, 2].map(() => numbers.column(n));
  const first = new Int32Array(n);
  for (let i = 1; i < n; i++) first[i] = first[i - 1] + count[i - 1];
  const total = n ? first[n - 1] + count[n - 1] : 0;
  const [x, y] = [0, 1].map(() => {
    const places = new Float32Array(total);
    for (let i = 0; i < n; i++) {
      let place = numbers.next();
      let step = 0;
      places[first[i]] = place * unit;
      for (let k = 1; k < count[i]; k++) places[first[i] + k] = (place += step += numbers.next()) * unit;
    }
    return places;
  });
  const angle = new Float32Array(total);
  for (let i = 0; i < n; i++) {
    let turned = 0; // beyond a full circle, so that nothing spins where it passes north
    for (let k = 0; k < count[i]; k++) angle[first[i] + k] = ((turned += numbers.next()) * Math.PI) / 128;
  }
  return { n, start, count, kind, length: Float32Array.from(length, (dm) => dm / 10), first, x, y, angle, level: playbackLevels(n, first, count, x, y) };
}

const PLAYBACK_LEVELS_M_S = [5 / 3.6, 20 / 3.6, 40 / 3.6];

// How fast, in four levels: by the way of the second before and the second after.
function playbackLevels(n, first, count, x, y) {
  const level = new Uint8Array(x.length);
  for (let i = 0; i < n; i++) {
    const last = first[i] + count[i] - 1;
    for (let k = first[i]; k <= last; k++) {
      const a = Math.max(first[i], k - 1);
      const b = Math.min(last, k + 1);
      const speed = b > a ? Math.hypot(x[b] - x[a], y[b] - y[a]) / (b - a) : 0;
      level[k] = PLAYBACK_LEVELS_M_S.filter((limit) => speed >= limit).length;
    }
  }
  return level;
}
