"use strict";
// What the events add up to: the same as picture.rs, once more, for the page.
//
// Each event changes the state by what it says. Every change is written down with what was there before, so a
// step back undoes it. No event is looked at twice on the way there and back. What is known of all events is in
// lists of numbers and texts, and not in an object for each: collecting garbage among these would be felt.

class Replay {
  constructor(base) {
    this.at = 0; // how many events are in the state
    this.undo = []; // what they have changed: where, what, and what it was before
    this.marks = []; // for each of them, where its changes begin in there
    this.state = {
      turn: 0, time: 0, running: null, head: 0, tail: 0,
      ready: new Map(), // what stands on the run queue, by ascending numbers
      calls: new Map(), tasks: new Map(), cells: new Map(),
      holders: new Map(), // for each line of a lock that a task has taken, which one
      left: new Map(), // tasks that were not done when the loop closed, and are not dropped yet
    };
    if (base) this.begin(base);
  }

  // How things were before the first event that was kept.
  begin(base) {
    const state = this.state;
    [state.turn, state.running] = [base.turn, base.running];
    for (const entry of base.ready) state.ready.set(state.tail++, entry);
    for (const call of base.calls) state.calls.set(call.call, call);
    for (const task of base.tasks) state.tasks.set(task.id, task);
    for (const task of base.left) state.left.set(task.id, task);
    for (const [line, task] of base.holders) state.holders.set(line, task);
    for (const cell of base.cells) state.cells.set(cell.id, { ...cell, line: new Map(cell.line) });
  }

  forward(event) {
    this.marks.push(this.undo.length);
    this.put(this.state, "time", event.t);
    ON[event.k]?.(this, this.state, event);
    this.at++;
  }

  back() {
    const mark = this.marks.pop();
    while (this.undo.length > mark) {
      const [before, key, where] = [this.undo.pop(), this.undo.pop(), this.undo.pop()];
      if (!(where instanceof Map)) where[key] = before;
      else if (before === undefined) where.delete(key); // it was not there
      else where.set(key, before);
    }
    this.at--;
  }

  go(events, to) {
    while (this.at < to) this.forward(events[this.at]);
    while (this.at > to) this.back();
  }

  put(where, key, value) {
    this.undo.push(where, key, where[key]);
    where[key] = value;
  }

  set(map, key, value) {
    this.undo.push(map, key, map.get(key));
    map.set(key, value);
  }

  remove(map, key) {
    if (!map.has(key)) return;
    this.undo.push(map, key, map.get(key));
    map.delete(key);
  }

  change(map, key, what) {
    if (map.has(key)) this.set(map, key, { ...map.get(key), ...what });
  }

  enqueue(entry) {
    this.set(this.state.ready, this.state.tail, entry);
    this.put(this.state, "tail", this.state.tail + 1);
  }

  // It is the first on the run queue, unless some were there before anybody watched.
  run(kind, id) {
    const { ready, tail } = this.state;
    const isIt = (entry) => entry?.[0] === kind && entry[1] === id;
    let { head } = this.state;
    while (head < tail && !ready.has(head)) head++;
    let place = head;
    while (place < tail && !isIt(ready.get(place))) place++;
    this.remove(ready, place);
    this.put(this.state, "head", head);
    this.put(this.state, "running", [kind, id]);
  }

  queue(task) {
    this.change(this.state.tasks, task, { state: "Queued" });
    if (this.state.tasks.has(task)) this.enqueue(["step", task]);
  }

  park(event) {
    this.put(this.state, "running", null);
    const { on, elsewhere, yields, at: parked_at = null } = event;
    this.change(this.state.tasks, event.task, { state: "Parked", on, elsewhere, yields, parked_at });
    if (event.queued) this.queue(event.task);
  }
}

const newCell = (id, event, waits_for) =>
  ({ id, name: event.name, at: event.at, waits_for, waits_in: event.waits_in, line: new Map() });

const ON = {
  TurnBegan: (replay, state, event) => replay.put(state, "turn", event.turn),
  Closing: (replay, state) => {
    replay.put(state, "left", state.tasks);
    for (const map of ["ready", "calls", "tasks"]) replay.put(state, map, new Map());
    for (const key of ["head", "tail"]) replay.put(state, key, 0);
    replay.put(state, "running", null);
  },
  Closed: (replay, state) => replay.put(state, "cells", new Map()),
  CallQueued: (replay, state, event) => {
    replay.set(state.calls, event.call, { call: event.call, what: event.what, at: event.at, ours: event.ours });
    replay.enqueue(["call", event.call]);
  },
  TimerSet: (replay, state, { call, what, at, ours, when, never }) =>
    replay.set(state.calls, call, { call, what, at, ours, when, never }),
  TimerDue: (replay, state, event) => {
    replay.change(state.calls, event.call, { when: undefined });
    replay.enqueue(["call", event.call]);
  },
  TimersSwept: (replay, state, event) => {
    for (const call of event.calls) replay.remove(state.calls, call);
  },
  CallCancelled: (replay, state, event) =>
    replay.change(state.calls, event.call, { cancelled: true }),
  CallBegan: (replay, state, event) => replay.run("call", event.call),
  CallEnded: (replay, state, event) => {
    replay.remove(state.calls, event.call);
    replay.put(state, "running", null);
  },
  TaskMade: (replay, state, event) => {
    replay.set(state.cells, event.task, newCell(event.task, event, []));
    const task = { id: event.task, state: "Queued", aborted: false, refused: false, on: [], parked_at: null };
    replay.set(state.tasks, event.task, task);
    replay.enqueue(["step", event.task]);
  },
  Renamed: (replay, state, event) => replay.change(state.cells, event.task, { name: event.name }),
  StepBegan: (replay, state, event) => {
    replay.run("step", event.task);
    replay.change(state.tasks, event.task, { state: "Running", parked_at: null, refused: false });
  },
  Dropped: (replay, state, event) => replay.put(state, "running", ["drop", event.task]),
  Destroyed: (replay, state, event) => {
    replay.put(state, "running", null);
    replay.remove(state.left, event.task);
  },
  Parked: (replay, state, event) => replay.park(event),
  Suspended: (replay, state, event) => replay.park(event),
  Woken: (replay, state, event) => {
    if (!event.in_step) replay.queue(event.task);
  },
  MayNotWait: (replay, state, event) => {
    if (!event.cancels) replay.change(state.tasks, event.task, { refused: true, on: [] });
  },
  AbortAsked: (replay, state, event) => replay.change(state.tasks, event.task, { aborted: true }),
  FutureMade: (replay, state, event) =>
    replay.set(state.cells, event.future, newCell(event.future, event, event.waits_for)),
  Joined: (replay, state, event) => {
    const cell = state.cells.get(event.future);
    if (cell) replay.set(cell.line, event.place, event.who);
  },
  Left: (replay, state, event) => {
    const cell = state.cells.get(event.future);
    if (cell) replay.remove(cell.line, event.place);
  },
  Settled: (replay, state, event) => {
    const [kind, id] = state.running ?? [];
    if (kind !== "call" && id === event.future) replay.put(state, "running", null);
    replay.remove(state.cells, event.future);
    replay.remove(state.tasks, event.future);
  },
  Gone: (replay, state, event) => ON.Settled(replay, state, event),
  Holder: (replay, state, event) => {
    if (event.task === undefined) replay.remove(state.holders, event.line);
    else replay.set(state.holders, event.line, event.task);
  },
};

// The task that has taken the lock that one waits for, if it is known.
const heldBy = (state, cell) => state.holders.get(cell.waits_in);

// What a task or future waits for, and is not done.
function waitsFor(state, id) {
  const task = state.tasks.get(id);
  if (!task) return (state.cells.get(id)?.waits_for ?? []).filter((other) => state.cells.has(other));
  if (task.aborted || task.state === "Running") return [];
  return task.on.filter((other) => [...(state.cells.get(other)?.line.values() ?? [])].includes(id));
}

const queued = (state) => [...state.ready.keys()].sort((a, b) => a - b).map((n) => state.ready.get(n));

const byNumber = (numbers) => [...numbers].sort((a, b) => a - b);

// The state as text, the same as `Picture::printed` and `Snapshot::printed`.
function printed(state) {
  const list = (numbers) => `[${numbers.join(", ")}]`;
  let text = `turn ${state.turn}\n`;
  for (const [kind, id] of queued(state)) {
    const what = kind === "call" ? state.calls.get(id)?.what : `<${state.cells.get(id)?.name}>`;
    text += `${what ?? ""}\n`;
  }
  const timers = [...state.calls.values()]
    .filter((call) => call.when !== undefined && !call.cancelled && !call.never)
    .map((call) => call.when);
  for (const when of byNumber(timers)) text += `at ${when}\n`;
  const seen = new Set(state.tasks.keys());
  const toVisit = [];
  for (const id of byNumber(state.tasks.keys())) {
    const [task, cell, below] = [state.tasks.get(id), state.cells.get(id), waitsFor(state, id)];
    const at = task.parked_at ?? "";
    const how = `${task.state} ${task.aborted} ${task.refused}`;
    text += `${id} ${cell.name} ${how} ${list(below)} ${at} ${cell.line.size} ${cell.at}\n`;
    toVisit.push(...below);
  }
  const below = [];
  while (toVisit.length > 0) {
    const id = toVisit.pop();
    if (seen.has(id)) continue;
    seen.add(id);
    below.push(id);
    toVisit.push(...waitsFor(state, id));
  }
  for (const id of byNumber(below)) {
    const cell = state.cells.get(id);
    const holder = heldBy(state, cell) === undefined ? "None" : `Some(${heldBy(state, cell)})`;
    text += `${id} ${cell.name} ${list(waitsFor(state, id))} ${holder} ${cell.line.size} ${cell.at}\n`;
  }
  return text;
}

// FNV-1a, as in recorder.rs.
function fingerprint(text) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

// As a text was before it became HTML.
const unescaped = (html) => html.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
  .replaceAll("&nbsp;", "\u00a0").replaceAll("&amp;", "&");

// Reads a timeline as it stands in the page: for each event a comment, which is the event, and its line. Source
// files come in between. (To take it as a single text is much faster than to go from node to node.)
function read(story) {
  const [events, lines, sources] = [[], [], new Map()];
  let base = null;
  for (const [, file, text] of story.matchAll(/<template data-file="([^"]*)">([^<]*)<\/template>/g)) {
    sources.set(unescaped(file), unescaped(text).split("\n"));
  }
  for (const part of story.split("<!--").slice(1)) {
    const [json, rest] = part.split("-->");
    if (!rest?.includes("\n")) break; // the program was killed while it wrote this
    const event = JSON.parse(json);
    if (event.k === "Base") base = event;
    else {
      events.push(event);
      lines.push(unescaped(rest.split("<", 1)[0]));
    }
  }
  return { events, lines, sources, base };
}

// For each event the one that it came of: for a step the wake, for a wake who ran then, and so on; else -1. And
// the task that runs then, if one does; else 0.
function causes(events, base) {
  const queuedBy = new Map(); // of a task or callback: what has put it on the queue
  const setBy = new Map();
  const asked = new Map(); // of a future or task: what has last asked it to cancel itself
  const askedFirst = new Map(); // of a task: what has first, since its last step began
  const takenBack = new Map(); // of a timer: what has cancelled it
  const timers = new Map(); // by their deadlines: what has set them
  const at = (when) => timers.get(when) ?? timers.set(when, new Set()).get(when);
  let sending = []; // which futures send their lines off, the innermost last
  let running = null; // since which event
  let closing = null;
  let task = ["step", "drop"].includes(base?.running?.[0]) ? base.running[1] : null;
  let mayNotWait = null;
  const name = ({ task, call }) => (call === undefined ? `t${task}` : `c${call}`);
  const found = { by: [], task: [] };
  events.forEach((event, i) => {
    let by = sending.at(-1) ?? running ?? closing;
    switch (event.k) {
      case "StepBegan":
      case "CallBegan":
        by = (event.cancels ? askedFirst.get(event.task) : undefined) ?? queuedBy.get(name(event)) ?? null;
        askedFirst.delete(event.task);
        [running, task] = [i, event.task ?? null];
        break;
      case "TaskMade":
        queuedBy.set(name(event), i);
        break;
      case "Woken":
      case "CallQueued":
        if (event.by_mail) by = null;
        else if (mayNotWait === i - 1) by = mayNotWait;
        queuedBy.set(name(event), i);
        break;
      case "MayNotWait":
        by = event.cancels ? asked.get(event.task) ?? null : i > 0 ? i - 1 : null; // or how it is parked
        mayNotWait = i;
        break;
      case "TimerSet":
        setBy.set(name(event), i);
        at(event.when).add(i);
        break;
      case "TimerDue":
        by = setBy.get(name(event)) ?? null;
        queuedBy.set(name(event), i);
        at(event.when).delete(by);
        break;
      case "CallCancelled":
        takenBack.set(event.call, i);
        at(events[setBy.get(name(event))]?.when).delete(setBy.get(name(event)));
        break;
      case "TimersSwept":
        by = takenBack.get(event.calls.at(-1)) ?? by;
        break;
      case "CancelAsked":
        by = asked.get(event.by) ?? by;
        asked.set(event.future, i);
        if (!askedFirst.has(event.future)) askedFirst.set(event.future, i);
        break;
      case "Asleep": // because of the first timer
        [by = null] = at(event.until);
        break;
      case "Settled":
        if (events[i - 1]?.k === "CancelAsked" && events[i - 1].future === event.future) by = i - 1;
        if (event.waiting > 0) sending.push(i);
        break;
      case "Closing":
        [sending, running, task, closing] = [[], null, null, i];
        break;
      case "Dropped":
        if (task === null) [running, task] = [i, event.task]; // the loop is closing
        break;
      case "SentOff":
        sending = sending.filter((settled) => events[settled].future !== event.future);
        break;
    }
    found.by.push(by ?? -1);
    found.task.push(task ?? 0);
    const ends = ["Parked", "Suspended", "CallEnded", "TurnEnded", "Destroyed"].includes(event.k);
    if (ends || (event.k === "Settled" && task !== null && event.future === task)) running = task = null;
  });
  return found;
}

// For each event the place in the program's source to look at, and whether it is where the event happens: its
// own place, or the last one known of who runs, or of what it is about. If there is none, the one before is
// looked at. Lines of this crate are not shown.
function places(events, base) {
  const known = new Map(); // by the number of a callback, or of a task or future
  const nameOf = ({ call, task, future }) => (call !== undefined ? `call ${call}` : task ?? future);
  const know = (name, { at, ours }) => name !== undefined && at && !ours && known.set(name, at);
  for (const call of base?.calls ?? []) know(nameOf(call), call);
  for (const cell of base?.cells ?? []) know(cell.id, cell);
  for (const { id, parked_at } of base?.tasks ?? []) know(id, { at: parked_at });
  const [kind, id] = base?.running ?? [];
  let runs = kind === "call" ? nameOf({ call: id }) : id;
  let running = known.get(runs); // the last place that is known of it
  let last = base?.tasks.find((task) => task.parked_at)?.parked_at ?? null;
  const found = { at: [], isHere: [] };
  events.forEach((event) => {
    const [about, at] = [nameOf(event), event.ours ? undefined : event.at];
    if (event.k === "StepBegan" || event.k === "CallBegan") [runs, running] = [about, known.get(about)];
    know(about, event);
    if (at && runs !== undefined) running = at;
    const place = at ?? running ?? known.get(about) ?? null;
    const ends = ["Parked", "Suspended", "CallEnded", "Closing"].includes(event.k);
    if (ends || (event.k === "Settled" && event.future === runs)) runs = running = undefined;
    last = place ?? last;
    found.at.push(last);
    found.isHere.push(place !== null);
  });
  return found;
}
