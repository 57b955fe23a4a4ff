// The timeline across the top: a lane for each task, as many steps as there are spread over its width.
//
// All of it but what changes from step to step is drawn once, into the background.

const MOST_LANES = 12;
const LANE = 18; // pixels
const LABEL = 96;

class Lanes {
  constructor(events, base, go) {
    this.steps = events.length;
    this.rows = rowsOf(events, base);
    // Where another moment begins.
    this.times = events.flatMap((event, i) => (event.t === events[i - 1]?.t ? [] : [[i, event.t]]));
    this.background = null;
    this.canvas = el("canvas", { id: "lanes", "aria-hidden": "true" });
    const drag = (event) => {
      const box = this.canvas.getBoundingClientRect();
      const part = (event.clientX - box.left - LABEL) / (box.width - LABEL);
      go(Math.round(part * (this.steps - 1)) + 1);
    };
    this.canvas.addEventListener("pointerdown", drag);
    this.canvas.addEventListener("pointermove", (event) => event.buttons && drag(event));
  }

  // Of an event, which leads to the step of the next number; of a number of events, where the last one ends.
  x(event) {
    return LABEL + Math.min(1, event / Math.max(1, this.steps - 1)) * (this.width - LABEL);
  }

  color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  draw(step, selected, tasks, nameOf) {
    const scale = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    const height = Math.max(1, this.rows.length) * LANE + 18;
    const size = [this.width * scale, height * scale].map(Math.round);
    if (String(this.background?.size) !== String(size)) {
      [this.canvas.width, this.canvas.height] = size;
      this.canvas.style.height = `${height}px`;
      this.background = { size, image: this.drawBackground(size, scale) };
    }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, ...size);
    pen.drawImage(this.background.image, 0, 0);
    pen.scale(scale, scale);
    pen.font = "12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    const [faint, accent] = [this.color("--faint"), this.color("--accent")];
    this.rows.forEach((row, n) => {
      const there = row.find((stay) => stay.from < step && step <= stay.to);
      if (!there) return;
      pen.fillStyle = selected === there.task ? accent : faint;
      pen.fillText(short(nameOf(there.task), 14), 0, n * LANE + LANE / 2, LABEL - 8);
    });
    pen.fillStyle = faint;
    if (tasks > MOST_LANES) pen.fillText(`and ${tasks - MOST_LANES} more`, 0, height - 8, LABEL - 8);
    pen.fillStyle = accent;
    pen.fillRect(Math.min(this.x(step - 1), this.width - 1) - 1, 0, 2, height);
  }

  drawBackground(size, scale) {
    const image = el("canvas");
    [image.width, image.height] = size;
    const pen = image.getContext("2d");
    pen.scale(scale, scale);
    const colors = { Running: this.color("--runs"), Queued: this.color("--ready"), Parked: this.color("--parked") };
    this.rows.forEach((row, n) => {
      for (const [from, to, state] of row.flatMap((stay) => stay.parts)) {
        const [left, y] = [this.x(from), n * LANE];
        const width = Math.max(this.x(to) - left, 1);
        pen.fillStyle = colors[state];
        if (state === "Running") pen.fillRect(left, y + 3, width, LANE - 6);
        else if (state === "Queued") pen.fillRect(left, y + LANE / 2 - 1, width, 2);
        else hatch(pen, left, y + 5, width, LANE - 10);
      }
    });
    this.drawTimes(pen, this.rows.length * LANE);
    return image;
  }

  drawTimes(pen, y) {
    pen.font = "12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    pen.fillStyle = this.color("--faint");
    let free = LABEL;
    let before = null;
    for (const [i, time] of this.times) {
      const text = `t=${seconds(time)}`;
      if (this.x(i) < free || text === before) continue;
      before = text;
      const wide = pen.measureText(text).width;
      if (this.x(i) + wide > this.width) return;
      pen.fillRect(this.x(i), 0, 1, y + 4);
      pen.fillText(text, this.x(i) + 3, y + 10);
      free = this.x(i) + wide + 12;
    }
  }
}

function hatch(pen, x, y, width, height) {
  if (width < 6) return pen.fillRect(x, y + height / 2 - 1, width, 2);
  pen.save();
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.clip();
  pen.strokeStyle = pen.fillStyle;
  pen.beginPath();
  for (let at = x - height; at < x + width; at += 5) {
    pen.moveTo(at, y + height);
    pen.lineTo(at + height, y);
  }
  pen.stroke();
  pen.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
  pen.restore();
}

// For each lane the tasks that have it, one after the other, and the steps from which and up to which they are in
// which state. As in the text: a task keeps its lane until it is done; then the one that has waited longest gets it.
function rowsOf(events, base) {
  const rows = [];
  const lanes = new Map(); // of the tasks that have one: its number
  const without = new Map(); // those that have none, and their state
  const stay = (task) => rows[lanes.get(task)]?.at(-1);
  const enter = (task, i, state) => {
    let row = rows.findIndex((row) => row.length === 0 || row.at(-1).to < Infinity);
    if (row < 0 && rows.length < MOST_LANES) row = rows.push([]) - 1;
    if (row < 0) return void without.set(task, state);
    without.delete(task);
    lanes.set(task, row);
    rows[row].push({ task, from: i, to: Infinity, parts: [[i, events.length, state]] });
  };
  const turn = (task, i, state) => {
    if (without.has(task)) without.set(task, state);
    const parts = stay(task)?.parts;
    if (!parts) return;
    parts.at(-1)[1] = i;
    parts.push([i, events.length, state]);
  };
  const leave = (task, i) => {
    without.delete(task);
    const ended = stay(task);
    if (!ended) return;
    ended.parts.at(-1)[1] = ended.to = i;
    lanes.delete(task);
    const [next] = without;
    if (next) enter(next[0], i, next[1]);
  };
  for (const task of base?.tasks ?? []) enter(task.id, 0, task.state);
  events.forEach(({ k, task, future, queued, in_step }, i) => {
    if (k === "TaskMade") enter(task, i, "Queued");
    else if (k === "StepBegan") turn(task, i, "Running");
    else if (k === "Parked" || k === "Suspended") turn(task, i, queued ? "Queued" : "Parked");
    else if (k === "Woken" && !in_step) turn(task, i, "Queued");
    else if (k === "Settled" || k === "Gone") leave(future, i);
    else if (k === "Closing") for (const id of [...without.keys(), ...lanes.keys()]) leave(id, i);
  });
  return rows;
}
