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

// In place of what was in it. Who was at a button that is still there stays at it.
function fill(node, ...children) {
  const key = node.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  node.replaceChildren(...children.filter((child) => child !== null));
  if (key === undefined) return;
  const again = node.querySelector(`[data-key="${key}"]`) ?? node.closest("[tabindex]") ?? node;
  again.focus({ preventScroll: true });
}

// As a number of seconds, in eight signs or less.
function seconds(nanos) {
  const whole = Math.floor(nanos / 1e9);
  const digits = whole < 10 ? 6 : whole < 100 ? 5 : whole < 1000 ? 4 : 3;
  const part = String(Math.floor((nanos % 1e9) / 1000)).padStart(6, "0").slice(0, digits);
  return `${whole}.${part}`.replace(/\.?0+$/, "");
}

// A name as it is shown: on one line, not too long, to be seen, and in quotes if it is more than a word. (As in
// telling.rs.)
function shown(name) {
  const bad = /[\p{Cc}\u061c\u200b\u200e\u200f\ufeff\u2028-\u202e\u2060-\u2069]/gu;
  const signs = [...name];
  const short = signs.length > 60 ? `${signs.slice(0, 60).join("")}…` : name;
  const told = short.replace(bad, (sign) => `\\u{${sign.codePointAt(0).toString(16)}}`);
  return told === "" || /\s/.test(told) ? `“${told}”` : told;
}

const short = (text, most) => (text.length > most ? `${text.slice(0, most)}…` : text);
const fileOf = (place) => place?.replace(/:\d+:\d+$/, "") ?? null;
const lineOf = (place) => Number(place?.match(/:(\d+):\d+$/)?.[1] ?? 0);
const stepAsked = () => Number(location.hash.match(/^#step=(\d+)$/)?.[1] ?? 0);

class Page {
  constructor(story) {
    const { events, lines, sources, base } = read(story.innerHTML);
    [this.events, this.lines, this.sources, this.base] = [events, lines, sources, base];
    this.replay = new Replay(base?.state);
    this.causes = causes(events, base?.state);
    this.places = places(events, base?.state);
    story.remove(); // it is read, and may be large
    this.lanes = new Lanes(events, base?.state, (step) => this.go(step));
    this.words = events.flatMap((event, i) => (event.k === "Said" ? [i] : []));
    this.names = new Map(); // what those were called that are gone
    for (const cell of base?.state.cells ?? []) this.names.set(cell.id, cell.name);
    for (const { name, task, future } of events) if (name !== undefined) this.names.set(task ?? future, name);
    this.isTask = new Set(base?.state.tasks.map((task) => task.id));
    for (const { k, task } of events) if (k === "TaskMade") this.isTask.add(task);
    this.selected = null; // a task
    this.playing = null;
    this.build();
    this.go(stepAsked());
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
    this.sentence = el("p", { id: "sentence" });
    this.because = el("p", { id: "because" });
    this.where = el("p", { id: "where" });
    this.scrub = el("input", {
      type: "range", id: "scrub", min: 1, max: Math.max(1, this.events.length), step: 1,
      "aria-label": "step", oninput: () => this.go(Number(this.scrub.value)),
    });
    this.play = button("▶", "space", "play", () => this.toggle());
    this.why = button("why?", "c", "jump to the cause", () => this.jumpToCause());
    const panel = (id, title) => {
      // Who has no mouse can scroll what is too long.
      const body = el("div", { class: "body", id, tabindex: 0, role: "group", "aria-label": title });
      this[id] = body;
      return el("section", { class: `panel ${id}`, "aria-label": title }, el("h2", {}, title), body);
    };
    document.getElementById("glass").append(
      el("h1", {}, document.title),
      el("header", {},
        el("div", { class: "controls" },
          button("|←", "Home", "first step", () => this.go(1)),
          button("←", "←", "a step back", () => this.go(this.step - 1)),
          this.play,
          button("→", "→", "a step forward", () => this.go(this.step + 1)),
          button("→|", "End", "last step", () => this.go(this.events.length)),
          this.why,
          this.where),
        el("div", { role: "status", "aria-live": "polite" }, this.sentence, this.because)),
      el("div", { class: "timeline" }, this.lanes.canvas, this.scrub,
        el("p", {}, "solid: it runs · thin: it is on the run queue · hatched: it is parked")),
      el("div", { class: "panels" },
        el("div", { class: "column wide" }, panel("source", "Source")),
        el("div", { class: "column" }, panel("tasks", "Tasks"), panel("futures", "Futures")),
        el("div", { class: "column" }, panel("queue", "Run queue"), panel("timers", "Timers, a heap"),
          panel("said", "What the program said"))),
      panel("near", "Before and after"),
      el("footer", {},
        el("p", {}, "← → a step · space plays · Home End · n p the next and previous event of a task · c why?")));
    document.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("hashchange", () => {
      if (stepAsked() > 0 && stepAsked() !== this.step) this.go(stepAsked());
    });
    window.addEventListener("resize", () => this.drawLanes());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.lanes.background = null;
      this.drawLanes();
    });
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
    if (this.playing) return this.pause();
    if (this.step === this.events.length) this.go(1);
    this.playing = setInterval(() => {
      if (this.step === this.events.length) this.pause();
      else this.moveTo(this.step + 1);
    }, 700);
    this.showPlaying();
  }

  pause() {
    clearInterval(this.playing);
    this.playing = null;
    this.showPlaying();
  }

  showPlaying() {
    this.play.textContent = this.playing ? "⏸" : "▶";
    const label = this.playing ? "pause" : "play";
    this.play.setAttribute("aria-label", label);
    this.play.title = `${label} (space)`;
  }

  // The task that is chosen, or else the one that the event is about, or that runs.
  ofTask(direction) {
    const { event } = this;
    const isTask = (id) => this.replay.state.tasks.has(id);
    const about = event?.task ?? (isTask(event?.future) ? event.future : this.causes.task[this.step - 1]);
    const task = this.selected ?? about;
    if (!task) return;
    for (let i = this.step - 1 + direction; i >= 0 && i < this.events.length; i += direction) {
      const other = this.events[i];
      if (other.task === task || other.future === task || this.causes.task[i] === task) return this.go(i + 1);
    }
  }

  jumpToCause() {
    const cause = this.causes.by[this.step - 1] ?? -1;
    if (cause >= 0) this.go(cause + 1);
  }

  select(task) {
    this.selected = this.selected === task ? null : task;
    this.show();
  }

  // By hand: that ends the playing.
  go(step) {
    if (this.playing) this.pause();
    this.moveTo(step);
  }

  moveTo(step) {
    const to = Math.min(Math.max(1, step || 1), this.events.length);
    this.replay.go(this.events, to);
    this.show();
    clearTimeout(this.link); // a browser refuses to change the address many times in a row
    this.link = setTimeout(() => history.replaceState(null, "", `#step=${this.step}`), 150);
  }

  saidAt(i) {
    return (this.lines[i] ?? "").slice(this.events[i]?.w ?? 0).trim();
  }

  show() {
    const { state } = this.replay;
    const event = this.event;
    this.scrub.value = this.step;
    this.scrub.setAttribute("aria-valuetext", `step ${this.step}: ${this.saidAt(this.step - 1)}`);
    const leftOut = this.base ? ` · ${this.base.left_out} events before these were not kept` : "";
    this.where.textContent = event
      ? `step ${this.step} of ${this.events.length} · turn ${state.turn} · t=${seconds(state.time)}${leftOut}`
      : "nothing happened";
    this.sentence.textContent = this.saidAt(this.step - 1);
    const cause = this.causes.by[this.step - 1] ?? -1;
    this.why.setAttribute("aria-disabled", cause < 0); // and not disabled: who is at it would lose his place
    this.because.textContent = cause < 0 ? "" : `because, at step ${cause + 1}: ${this.saidAt(cause)}`;
    this.showSource(state);
    this.showQueue(state);
    this.showTasks(state);
    this.showFutures(state);
    this.showTimers(state);
    this.showSaid();
    this.showNear();
    this.drawLanes();
  }

  drawLanes() {
    this.lanes.draw(this.step, this.selected, this.replay.state.tasks.size, (id) => this.name(id));
  }

  name(id) {
    return shown(this.replay.state.cells.get(id)?.name ?? this.names.get(id) ?? `unknown-${id}`);
  }

  showSource(state) {
    const marks = new Map(); // by file and line
    const mark = (place, kind, text) => {
      if (!place) return;
      const key = `${fileOf(place)}:${lineOf(place)}`;
      marks.set(key, [...(marks.get(key) ?? []), [kind, text]]);
    };
    for (const [id, task] of [...state.tasks].slice(0, 200)) {
      if (task.state !== "Running") mark(task.parked_at, task.state === "Parked" ? "parked" : "ready", this.name(id));
    }
    const [place, isHere] = [this.places.at[this.step - 1] ?? null, this.places.isHere[this.step - 1]];
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
      const badges = marks.get(`${file}:${n}`) ?? [];
      const now = isHere && n === here;
      rows.push(el("div", { class: `line${now ? " now" : ""}`, "aria-current": now && "true" },
        el("span", { class: "number" }, `${n}`),
        el("div", {},
          el("code", {}, lines[n - 1] || " "),
          el("span", { class: "badges" }, badges.map(([kind, text]) => el("span", { class: `badge ${kind}` }, text))))));
    }
    fill(this.source, el("p", { class: "file" }, file), el("div", { class: "code" }, rows));
  }

  showQueue(state) {
    const entries = queued(state);
    const chip = ([kind, id]) => {
      const call = state.calls.get(id);
      if (kind !== "call") return el("li", { class: "chip step", title: "a step of a task" }, this.name(id));
      const place = call?.ours ? "" : (call?.at ?? "").replace(/^.*\//, " ").replace(/:\d+$/, "");
      const title = `${call?.what ?? ""}, ${call?.at ?? ""}`;
      return el("li", { class: `chip${call?.cancelled ? " empty" : ""}`, title }, `#${id}${place}`);
    };
    const running = state.running;
    fill(this.queue,
      el("p", { class: "runs" }, running ? [running[0] === "drop" ? "is dropped: " : "runs: ", chip(running)] : "nothing runs"),
      entries.length > 0
        ? el("ol", { class: "chips" }, entries.slice(0, 40).map(chip))
        : el("p", { class: "none" }, "empty"),
      entries.length > 40 ? el("p", { class: "none" }, `and ${entries.length - 40} more`) : null);
  }

  showTasks(state) {
    const all = state.left.size > 0 ? state.left : state.tasks;
    // If there are too many to show all, these are the ones to see.
    const { task: named } = this.event ?? {};
    const runs = this.causes.task[this.step - 1];
    const first = [...new Set([runs, named, this.selected])].filter((id) => all.has(id));
    let ids = byNumber(all.keys());
    if (ids.length > 60) ids = [...first, ...ids.filter((id) => !first.includes(id))];
    const row = (id) => {
      const isLeft = all === state.left;
      const { state: where, parked_at: at } = all.get(id);
      const word = isLeft ? "not done" : { Running: "runs", Queued: "ready", Parked: "parked" }[where];
      const on = isLeft ? "the loop closes" : this.waitedFor(all.get(id), waitsFor(state, id));
      return el("li", { class: this.selected === id ? "chosen" : "" },
        el("button", { type: "button", class: "task", "data-key": id, "aria-pressed": this.selected === id, onclick: () => this.select(id) },
          el("span", { class: "name" }, this.name(id)),
          el("span", { class: `state ${isLeft ? "Parked" : where}` }, word),
          el("span", { class: "on" }, on),
          el("span", { class: "at" }, at ?? "")));
    };
    const isGone = this.selected !== null && !all.has(this.selected);
    fill(this.tasks,
      isGone ? el("p", { class: "chosen" }, el("button", { type: "button", class: "task", "data-key": this.selected,
        "aria-pressed": true, onclick: () => this.select(this.selected) },
      el("span", { class: "name" }, this.name(this.selected)), el("span", { class: "none" }, "is not there at this step"))) : null,
      ids.length > 0 ? el("ul", {}, ids.slice(0, 60).map(row)) : el("p", { class: "none" }, "none"),
      ids.length > 60 ? el("p", { class: "none" }, `and ${ids.length - 60} more`) : null);
  }

  // What a task waits for: what of that is pending, or was; or else why there is nothing.
  waitedFor(task, pending) {
    if (task.aborted && task.state !== "Running") return "to be dropped";
    if (task.refused) return "may not wait";
    if (task.state !== "Parked") return "";
    const names = (ids) => ids.map((id) => this.name(id)).join(", ");
    if (pending.length > 0) return `on ${names(pending)}${task.elsewhere ? this.whoElse(task, names) : ""}`;
    const isOver = task.on.length > 0 && !task.on.some((id) => this.replay.state.cells.has(id));
    if (isOver) return `on ${names(task.on)}, which is over`;
    return task.elsewhere ? "on something from elsewhere" : "nobody has its waker";
  }

  whoElse(task, names) {
    const has = (cell) => !task.on.includes(cell.id) && [...cell.line.values()].includes(task.id);
    const others = [...this.replay.state.cells.values()].filter(has).map((cell) => cell.id);
    if (others.length === 0) return "; somebody else may wake it, too";
    return `; its waker is in the line of ${names(others.slice(0, 6))}${others.length > 6 ? " and others" : ""}, too`;
  }

  showFutures(state) {
    const ids = byNumber(state.cells.keys()).filter((id) => {
      const cell = state.cells.get(id);
      return !this.isTask.has(id) || cell.line.size > 0;
    });
    const row = (id) => {
      const cell = state.cells.get(id);
      const line = byNumber(cell.line.keys()).map((place) => cell.line.get(place));
      const who = (one) => (typeof one === "number" ? `the waker of ${this.name(one)}` : one);
      const below = waitsFor(state, id).filter(() => !state.tasks.has(id));
      const taken = heldBy(state, cell);
      return el("li", {},
        el("span", { class: "name" }, this.name(id)),
        below.length > 0 ? el("span", { class: "on" }, ` waits for ${below.map((other) => this.name(other)).join(", ")}`) : null,
        taken !== undefined ? el("span", { class: "on" }, ` taken by ${this.name(taken)}`) : null,
        line.length > 0
          ? el("ol", { class: "line-of" }, line.slice(0, 12).map((one) => el("li", {}, who(one))))
          : el("span", { class: "none" }, " · nobody waits"),
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
      const chips = row.map((call) =>
        el("span", { class: `chip timer${call.cancelled ? " empty" : ""}`, title: `${call.what}, ${call.at}` },
          `#${call.call} ${call.never ? "never" : `t=${seconds(call.when)}`}`));
      // So that each stands below the one it belongs to.
      while (chips.length < size) chips.push(el("span", { class: "chip slot", "aria-hidden": "true" }, "#0 t=0"));
      rows.push(el("div", { class: "level" }, chips));
    }
    fill(this.timers,
      timers.length > 0 ? el("div", { class: "heap" }, rows) : el("p", { class: "none" }, "none is set"),
      timers.length > 15 ? el("p", { class: "none" }, `and ${timers.length - 15} more`) : null);
  }

  showSaid() {
    const until = this.words.filter((i) => i < this.step);
    const more = until.length - 500;
    fill(this.said,
      more > 0 ? el("p", { class: "none" }, `${more} before these`) : null,
      until.length > 0
        ? el("pre", {}, until.slice(-500).map((i) => `${this.events[i].text}\n`))
        : el("p", { class: "none" }, "nothing yet"));
    this.said.scrollTop = this.said.scrollHeight;
  }

  showNear() {
    const first = Math.max(0, this.step - 7);
    const rows = [];
    for (let i = first; i < Math.min(this.events.length, first + 14); i++) {
      const now = i === this.step - 1;
      const lead = this.lines[i].slice(0, this.events[i].w);
      const all = this.lines[i].slice(lead.length).trimEnd();
      const said = now ? all : short(all.split("\n", 1)[0], 160);
      const line = el("button",
        { type: "button", "data-key": i, class: now ? "now" : "", "aria-current": now && "step", onclick: () => this.go(i + 1) },
        el("span", { "aria-hidden": "true" }, lead), said);
      rows.push(el("li", {}, line));
    }
    fill(this.near, el("ol", {}, rows));
  }
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
