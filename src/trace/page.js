// The page itself: shows the state of the present step, and moves from step to step.

document.documentElement.classList.add("scripted"); // hides the text, which is for those without scripts

// An element; its children are elements or texts. A text is never read as HTML.
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

// In place of what was in it.
function fill(node, ...children) {
  node.replaceChildren(...children.filter((child) => child !== null));
}

const seconds = (nanos) => `${Math.floor(nanos / 1e6) / 1000}`;
const short = (text, most = 60) => (text.length > most ? `${text.slice(0, most)}…` : text);
const fileOf = (place) => place?.replace(/:\d+:\d+$/, "") ?? null;
const lineOf = (place) => Number(place?.match(/:(\d+):\d+$/)?.[1] ?? 0);

class Page {
  constructor(story) {
    const { events, lines, base } = read(story);
    [this.events, this.lines, this.base] = [events, lines, base];
    this.replay = new Replay(base?.state);
    this.causes = causes(events);
    this.sources = new Map();
    for (const template of story.querySelectorAll("template")) {
      this.sources.set(template.dataset.file, template.content.textContent.split("\n"));
    }
    story.remove(); // it is read, and may be large
    this.tracks = tracks(events);
    // Where another moment begins.
    this.times = events.flatMap((event, i) => (event.t === events[i - 1]?.t ? [] : [[i, event.t]]));
    this.words = events.flatMap((event, i) => (event.k === "Said" ? [i] : []));
    this.selected = null; // a task
    this.playing = null;
    this.build();
    const asked = Number(location.hash.match(/^#step=(\d+)$/)?.[1] ?? 1);
    this.go(asked);
  }

  get step() {
    return this.replay.at;
  }

  get event() {
    return this.events[this.step - 1];
  }

  build() {
    const button = (label, key, title, act) =>
      el("button", { type: "button", title: `${title} (${key})`, "aria-label": title, onclick: act }, label);
    this.sentence = el("p", { id: "sentence", role: "status", "aria-live": "polite" });
    this.because = el("p", { id: "because" });
    this.where = el("p", { id: "where" });
    this.scrub = el("input", {
      type: "range", id: "scrub", min: 1, max: Math.max(1, this.events.length), step: 1,
      "aria-label": "step", oninput: () => this.go(Number(this.scrub.value)),
    });
    this.canvas = el("canvas", { id: "lanes", "aria-hidden": "true" });
    this.canvas.addEventListener("pointerdown", (event) => this.drag(event));
    this.canvas.addEventListener("pointermove", (event) => event.buttons && this.drag(event));
    this.play = button("▶", "space", "play", () => this.toggle());
    this.why = button("why?", "c", "jump to the cause", () => this.jumpToCause());
    const panel = (id, title) => {
      const body = el("div", { class: "body", id });
      this[id] = body;
      return el("section", { class: `panel ${id}`, "aria-label": title }, el("h2", {}, title), body);
    };
    document.getElementById("glass").append(
      el("header", {},
        el("div", { class: "controls" },
          button("|←", "Home", "first step", () => this.go(1)),
          button("←", "←", "a step back", () => this.go(this.step - 1)),
          this.play,
          button("→", "→", "a step forward", () => this.go(this.step + 1)),
          button("→|", "End", "last step", () => this.go(this.events.length)),
          this.why,
          this.where),
        this.sentence,
        this.because,
        el("div", { class: "timeline" }, this.canvas, this.scrub)),
      el("div", { class: "panels" },
        el("div", { class: "column wide" }, panel("source", "Source")),
        el("div", { class: "column" }, panel("tasks", "Tasks"), panel("futures", "Futures")),
        el("div", { class: "column" }, panel("queue", "Run queue"), panel("timers", "Timers, a heap"),
          panel("said", "What the program said"))),
      panel("near", "Before and after"),
      el("footer", {}, "← → a step · space plays · Home End · n p the next and previous event of the task that is chosen · c why?"));
    document.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("hashchange", () => {
      const step = Number(location.hash.match(/^#step=(\d+)$/)?.[1] ?? 0);
      if (step > 0 && step !== this.step) this.go(step);
    });
    window.addEventListener("resize", () => this.drawLanes());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.drawLanes());
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      ArrowLeft: () => this.go(this.step - 1),
      ArrowRight: () => this.go(this.step + 1),
      Home: () => this.go(1),
      End: () => this.go(this.events.length),
      " ": () => this.toggle(),
      n: () => this.ofTask(1),
      p: () => this.ofTask(-1),
      c: () => this.jumpToCause(),
    };
    const onButton = event.target instanceof HTMLButtonElement && event.key === " ";
    if (!acts[event.key] || onButton) return;
    event.preventDefault();
    acts[event.key]();
  }

  toggle() {
    if (this.playing) {
      clearInterval(this.playing);
      this.playing = null;
    } else {
      if (this.step === this.events.length) this.go(1);
      this.playing = setInterval(() => {
        if (this.step === this.events.length) this.toggle();
        else this.go(this.step + 1);
      }, 700);
    }
    this.play.textContent = this.playing ? "⏸" : "▶";
    this.play.setAttribute("aria-label", this.playing ? "pause" : "play");
  }

  ofTask(direction) {
    const task = this.selected ?? this.event?.task;
    if (task === undefined || task === null) return;
    for (let i = this.step - 1 + direction; i >= 0 && i < this.events.length; i += direction) {
      if (this.events[i].task === task || this.events[i].future === task) return this.go(i + 1);
    }
  }

  jumpToCause() {
    const cause = this.causes[this.step - 1];
    if (cause !== null && cause !== undefined) this.go(cause + 1);
  }

  select(task) {
    this.selected = this.selected === task ? null : task;
    this.show();
  }

  go(step) {
    const to = Math.min(Math.max(1, step || 1), this.events.length);
    this.replay.go(this.events, to);
    history.replaceState(null, "", `#step=${to}`);
    this.show();
  }

  saidAt(i) {
    return (this.lines[i] ?? "").slice(this.events[i]?.w ?? 0).trim();
  }

  show() {
    const { state } = this.replay;
    const event = this.event;
    this.scrub.value = this.step;
    this.scrub.setAttribute("aria-valuetext", this.saidAt(this.step - 1));
    this.where.textContent = event
      ? `step ${this.step} of ${this.events.length} · turn ${state.turn} · t=${seconds(state.time)}`
      : "nothing happened";
    this.sentence.textContent = this.saidAt(this.step - 1);
    const cause = this.causes[this.step - 1] ?? null;
    this.why.disabled = cause === null;
    fill(this.because, cause === null ? "" : `because, at step ${cause + 1}: ${this.saidAt(cause)}`);
    this.showSource(state, event);
    this.showQueue(state);
    this.showTasks(state);
    this.showFutures(state);
    this.showTimers(state);
    this.showSaid();
    this.showNear();
    this.drawLanes();
  }

  name(id) {
    return short(this.replay.state.cells.get(id)?.name ?? `unknown-${id}`);
  }

  showSource(state, event) {
    const marks = new Map(); // by file and line
    const mark = (place, kind, text) => {
      if (!place) return;
      const key = `${fileOf(place)}:${lineOf(place)}`;
      marks.set(key, [...(marks.get(key) ?? []), [kind, text]]);
    };
    for (const [id, task] of [...state.tasks].slice(0, 200)) {
      if (task.state !== "Running") mark(task.parked_at, task.state === "Parked" ? "parked" : "ready", this.name(id));
    }
    // The present place, or the last one before.
    let place = event?.at;
    for (let i = this.step - 1; !place && i >= Math.max(0, this.step - 200); i--) place = this.events[i].at;
    if (event?.k === "StepBegan" || event?.k === "Thrown") {
      place = this.lastParked(event.task) ?? place;
    }
    mark(place, "now", "");
    const file = fileOf(place);
    const lines = this.sources.get(file);
    if (!lines || lines.length < 2) {
      fill(this.source, el("p", { class: "none" }, place ? `${place} (the source was not found)` : "—"));
      return;
    }
    const here = lineOf(place);
    const first = Math.max(1, Math.min(here - 10, lines.length - 21));
    const rows = [];
    for (let n = first; n < Math.min(first + 22, lines.length + 1); n++) {
      const at = marks.get(`${file}:${n}`) ?? [];
      const badges = at.filter(([kind]) => kind !== "now");
      rows.push(el("div", { class: `line${n === here ? " now" : ""}` },
        el("span", { class: "number" }, `${n}`),
        el("code", {}, lines[n - 1] || " "),
        el("span", { class: "badges" }, badges.map(([kind, text]) => el("span", { class: `badge ${kind}` }, text)))));
    }
    fill(this.source, el("p", { class: "file" }, file), el("div", { class: "code" }, rows));
  }

  // Where the task that runs now was parked before.
  lastParked(task) {
    for (let i = this.step - 2; i >= 0; i--) {
      const event = this.events[i];
      if (event.task === task && event.at && event.k !== "Woken") return event.at;
    }
    return null;
  }

  showQueue(state) {
    const entries = queued(state);
    const chip = ([kind, id]) => {
      const call = state.calls.get(id);
      const text = kind === "step" ? this.name(id) : `#${id}`;
      const title = kind === "step" ? "the next step of a task" : `${call?.what ?? ""}, ${call?.at ?? ""}`;
      return el("li", { class: `chip ${kind}${call?.cancelled && kind === "call" ? " empty" : ""}`, title }, text);
    };
    const running = state.running;
    fill(this.queue, 
      el("p", { class: "runs" }, running ? ["runs: ", chip(running)] : "nothing runs"),
      entries.length > 0
        ? el("ol", { class: "chips" }, entries.slice(0, 40).map(chip))
        : el("p", { class: "none" }, "empty"),
      entries.length > 40 ? el("p", { class: "none" }, `and ${entries.length - 40} more`) : null);
  }

  showTasks(state) {
    const ids = byNumber(state.tasks.keys());
    const row = (id) => {
      const task = state.tasks.get(id);
      const waits = waitsFor(state, id);
      const on = waits.length > 0 ? waits.map((other) => this.name(other)).join(", ")
        : task.state === "Parked" ? "something from elsewhere" : "";
      const words = { Running: "runs", Queued: "ready", Parked: "parked" };
      return el("li", { class: this.selected === id ? "chosen" : "" },
        el("button", { type: "button", class: "task", "aria-pressed": this.selected === id, onclick: () => this.select(id) },
          el("span", { class: "name" }, this.name(id)),
          el("span", { class: `state ${task.state}` }, words[task.state]),
          el("span", { class: "on" }, on ? `on ${on}` : ""),
          el("span", { class: "at" }, task.parked_at ?? "")));
    };
    fill(this.tasks, 
      ids.length > 0 ? el("ul", {}, ids.slice(0, 60).map(row)) : el("p", { class: "none" }, "none"),
      ids.length > 60 ? el("p", { class: "none" }, `and ${ids.length - 60} more`) : null);
  }

  showFutures(state) {
    const ids = byNumber(state.cells.keys()).filter((id) => {
      const cell = state.cells.get(id);
      return !state.tasks.has(id) || cell.line.size > 0;
    });
    const row = (id) => {
      const cell = state.cells.get(id);
      const line = byNumber(cell.line.keys()).map((place) => cell.line.get(place));
      const who = (one) => (typeof one === "number" ? `the waker of ${this.name(one)}` : one);
      const below = waitsFor(state, id).filter(() => !state.tasks.has(id));
      return el("li", {},
        el("span", { class: "name" }, this.name(id)),
        below.length > 0 ? el("span", { class: "on" }, ` waits for ${below.map((other) => this.name(other)).join(", ")}`) : null,
        cell.held_by !== null ? el("span", { class: "on" }, ` held by ${this.name(cell.held_by)}`) : null,
        line.length > 0
          ? el("ol", { class: "line-of" }, line.slice(0, 12).map((one) => el("li", {}, who(one))))
          : el("span", { class: "none" }, " nobody waits"),
        line.length > 12 ? el("span", { class: "none" }, ` and ${line.length - 12} more`) : null);
    };
    fill(this.futures, 
      ids.length > 0 ? el("ul", {}, ids.slice(0, 40).map(row)) : el("p", { class: "none" }, "none is pending"),
      ids.length > 40 ? el("p", { class: "none" }, `and ${ids.length - 40} more`) : null);
  }

  // In the order of their deadlines they are a heap: none is earlier than the one above it.
  showTimers(state) {
    const timers = [...state.calls.values()].filter((call) => call.when !== undefined);
    timers.sort((a, b) => a.when - b.when || a.call - b.call);
    const rows = [];
    for (let from = 0, size = 1; from < Math.min(timers.length, 15); from += size, size *= 2) {
      const row = timers.slice(from, Math.min(from + size, 15));
      rows.push(el("div", { class: "level" }, row.map((call) =>
        el("span", { class: `chip timer${call.cancelled ? " empty" : ""}`, title: `${call.what}, ${call.at}` },
          `#${call.call} ${call.never ? "never" : `t=${seconds(call.when)}`}`))));
    }
    fill(this.timers, 
      timers.length > 0 ? el("div", { class: "heap" }, rows) : el("p", { class: "none" }, "none is set"),
      timers.length > 15 ? el("p", { class: "none" }, `and ${timers.length - 15} more`) : null);
  }

  showSaid() {
    const until = this.words.filter((i) => i < this.step).slice(-12);
    fill(this.said, until.length > 0
      ? el("pre", {}, until.map((i) => `${this.events[i].text}\n`))
      : el("p", { class: "none" }, "nothing yet"));
  }

  showNear() {
    const first = Math.max(0, this.step - 7);
    const rows = [];
    for (let i = first; i < Math.min(this.events.length, first + 14); i++) {
      const line = el("button", { type: "button", class: i === this.step - 1 ? "now" : "", onclick: () => this.go(i + 1) },
        short((this.lines[i] ?? "").split("\n")[0], 160));
      rows.push(el("li", {}, line));
    }
    fill(this.near, el("ol", {}, rows));
  }

  // The lanes: as many steps as there are are spread over the width.
  drawLanes() {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    const [width, lane] = [this.canvas.clientWidth, 18];
    const shown = Math.min(this.tracks.length, 12);
    const height = Math.max(1, shown) * lane + 18;
    const scale = window.devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [width * scale, height * scale];
    this.canvas.style.height = `${height}px`;
    const pen = this.canvas.getContext("2d");
    pen.scale(scale, scale);
    const x = (i) => LABEL + ((width - LABEL) * i) / Math.max(1, this.events.length);
    pen.font = "12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    this.tracks.slice(0, shown).forEach((track, row) => {
      const y = row * lane;
      pen.fillStyle = color(this.selected === track.id ? "--accent" : "--faint");
      pen.fillText(short(track.name, 14), 0, y + lane / 2, LABEL - 8);
      for (const [from, to, state] of track.parts) {
        const [left, right] = [x(from), Math.max(x(to), x(from) + 1)];
        pen.fillStyle = color(state === "Running" ? "--runs" : state === "Queued" ? "--ready" : "--parked");
        if (state === "Running") pen.fillRect(left, y + 3, right - left, lane - 6);
        else if (state === "Queued") pen.fillRect(left, y + lane / 2 - 1, right - left, 2);
        else hatch(pen, left, y + 5, right - left, lane - 10);
      }
    });
    this.drawTimes(pen, x, shown * lane, width, color);
    pen.fillStyle = color("--accent");
    pen.fillRect(x(this.step) - 1, 0, 2, height);
  }

  drawTimes(pen, x, y, width, color) {
    pen.fillStyle = color("--faint");
    let free = LABEL;
    for (const [i, time] of this.times) {
      if (x(i) < free) continue;
      const text = `t=${seconds(time)}`;
      const wide = pen.measureText(text).width;
      if (x(i) + wide > width) return;
      pen.fillRect(x(i), 0, 1, y + 4);
      pen.fillText(text, x(i) + 3, y + 10);
      free = x(i) + wide + 12;
    }
  }

  drag(event) {
    const box = this.canvas.getBoundingClientRect();
    const part = (event.clientX - box.left - LABEL) / (box.width - LABEL);
    this.go(Math.round(part * this.events.length));
  }
}

const LABEL = 96;

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

// For each task the steps from which and up to which it was in which state.
function tracks(events) {
  const all = new Map();
  const turn = (task, i, state) => {
    const track = all.get(task);
    if (!track) return;
    const last = track.parts.at(-1);
    if (last) last[1] = i;
    if (state) track.parts.push([i, events.length, state]);
  };
  events.forEach((event, i) => {
    if (event.k === "TaskMade") all.set(event.task, { id: event.task, name: event.name, parts: [[i, events.length, "Queued"]] });
    else if (event.k === "Renamed" && all.has(event.task)) all.get(event.task).name = event.name;
    else if (event.k === "StepBegan") turn(event.task, i, "Running");
    else if (event.k === "Parked" || event.k === "Suspended") turn(event.task, i, event.queued ? "Queued" : "Parked");
    else if (event.k === "Woken" && !event.in_step) turn(event.task, i, "Queued");
    else if (event.k === "Settled") turn(event.future, i, null);
  });
  return [...all.values()];
}

document.addEventListener("DOMContentLoaded", () => {
  globalThis.glassBox = new Page(document.getElementById("story"));
});

// For the tests: reads a timeline of a page, and tells where the state is not what the loop has said.
globalThis.doubt = (story) => {
  const { events, base } = read(story);
  const replay = new Replay(base?.state);
  const wrong = [];
  const prints = [fingerprint(printed(replay.state))];
  let doubted = 0;
  for (const event of events) {
    replay.forward(event);
    prints.push(fingerprint(printed(replay.state)));
    if (event.f === undefined) continue;
    doubted++;
    if (event.f !== prints.at(-1)) wrong.push(`after ${JSON.stringify(event)}:\n${printed(replay.state)}`);
  }
  while (replay.at > 0) {
    replay.back();
    if (fingerprint(printed(replay.state)) !== prints[replay.at]) wrong.push(`back to ${replay.at}`);
  }
  return { events: events.length, doubted, wrong: wrong.slice(0, 3) };
};
