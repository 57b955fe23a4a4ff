//! The behaviour kit: each scenario is a Python program, what CPython printed, and its Rust port.
//! See README.md.

mod kit;

#[path = "scenarios/01-metronome-callbacks.rs"]
mod s01;
#[path = "scenarios/02-paused-until-run.rs"]
mod s02;
#[path = "scenarios/03-call-soon-fifo.rs"]
mod s03;
#[path = "scenarios/04-nested-goes-to-next-turn.rs"]
mod s04;
#[path = "scenarios/05-stop-finishes-the-batch.rs"]
mod s05;
#[path = "scenarios/06-stop-before-run.rs"]
mod s06;
#[path = "scenarios/07-run-until-complete-basics.rs"]
mod s07;
#[path = "scenarios/08-run-until-complete-drains-once.rs"]
mod s08;
#[path = "scenarios/09-stopped-before-complete.rs"]
mod s09;
#[path = "scenarios/10-stop-with-callback-still-attached.rs"]
mod s10;
#[path = "scenarios/11-close.rs"]
mod s11;
#[path = "scenarios/12-no-reentrancy.rs"]
mod s12;
#[path = "scenarios/13-default-loop-per-thread.rs"]
mod s13;
#[path = "scenarios/14-handle-cancel.rs"]
mod s14;
#[path = "scenarios/15-callback-error-goes-to-handler.rs"]
mod s15;
#[path = "scenarios/16-exit-request-escapes-the-loop.rs"]
mod s16;
#[path = "scenarios/17-delays-order.rs"]
mod s17;
#[path = "scenarios/18-call-at-and-when.rs"]
mod s18;
#[path = "scenarios/19-timer-cancel.rs"]
mod s19;
#[path = "scenarios/20-equal-deadlines.rs"]
mod s20;
#[path = "scenarios/21-blocking-delays-everything.rs"]
mod s21;
#[path = "scenarios/22-timers-and-ready-queue.rs"]
mod s22;
#[path = "scenarios/23-future-states.rs"]
mod s23;
#[path = "scenarios/24-future-settles-only-once.rs"]
mod s24;
#[path = "scenarios/25-future-exception.rs"]
mod s25;
#[path = "scenarios/26-future-cancel.rs"]
mod s26;
#[path = "scenarios/27-done-callbacks-are-queued.rs"]
mod s27;
#[path = "scenarios/28-callback-on-a-done-future.rs"]
mod s28;
#[path = "scenarios/29-remove-done-callback.rs"]
mod s29;
#[path = "scenarios/30-dropped-future-and-cancelled-future.rs"]
mod s30;
#[path = "scenarios/31-callback-pops-up-elsewhere.rs"]
mod s31;
#[path = "scenarios/32-callback-error-is-isolated.rs"]
mod s32;
#[path = "scenarios/33-error-never-retrieved.rs"]
mod s33;
#[path = "scenarios/34-coroutine-is-inert.rs"]
mod s34;
#[path = "scenarios/35-driven-by-hand.rs"]
mod s35;
#[path = "scenarios/36-driven-too-early.rs"]
mod s36;
#[path = "scenarios/37-finished-coroutine.rs"]
mod s37;
#[path = "scenarios/38-throw-and-close.rs"]
mod s38;
#[path = "scenarios/39-await-order-counts.rs"]
mod s39;
#[path = "scenarios/40-await-is-a-direct-call.rs"]
mod s40;
#[path = "scenarios/41-awaiting-a-future-20s.rs"]
mod s41;
#[path = "scenarios/42-nested-coroutines-20s.rs"]
mod s42;
#[path = "scenarios/43-two-waiters-one-future.rs"]
mod s43;
#[path = "scenarios/44-awaitable-protocol.rs"]
mod s44;
#[path = "scenarios/45-coroutine-is-not-an-iterator.rs"]
mod s45;
#[path = "scenarios/46-task-starts-on-the-next-turn.rs"]
mod s46;
#[path = "scenarios/47-bare-yield-fairness.rs"]
mod s47;
#[path = "scenarios/48-task-is-a-future.rs"]
mod s48;
#[path = "scenarios/49-task-error.rs"]
mod s49;
#[path = "scenarios/50-turns-of-a-wake-up.rs"]
mod s50;
#[path = "scenarios/51-many-waiters-fifo.rs"]
mod s51;
#[path = "scenarios/52-bad-things-to-await.rs"]
mod s52;
#[path = "scenarios/53-countdown-tasks.rs"]
mod s53;
#[path = "scenarios/54-cancel-runs-closing-logic.rs"]
mod s54;
#[path = "scenarios/55-who-am-i.rs"]
mod s55;
#[path = "scenarios/56-wrapping.rs"]
mod s56;
#[path = "scenarios/57-cancel-a-waiting-task.rs"]
mod s57;
#[path = "scenarios/58-cancel-before-the-first-step.rs"]
mod s58;
#[path = "scenarios/59-cancel-caught.rs"]
mod s59;
#[path = "scenarios/60-cancelled-without-being-asked.rs"]
mod s60;
#[path = "scenarios/61-cancel-twice.rs"]
mod s61;
#[path = "scenarios/62-cancel-oneself.rs"]
mod s62;
#[path = "scenarios/63-cancel-goes-to-the-innermost.rs"]
mod s63;
#[path = "scenarios/64-cancel-races-with-a-result.rs"]
mod s64;
#[path = "scenarios/65-broad-catch-pitfall.rs"]
mod s65;
#[path = "scenarios/66-uncancellable-by-accident.rs"]
mod s66;
#[path = "scenarios/67-sleep.rs"]
mod s67;
#[path = "scenarios/68-gather-basics.rs"]
mod s68;
#[path = "scenarios/69-gather-error.rs"]
mod s69;
#[path = "scenarios/70-gather-cancel.rs"]
mod s70;
#[path = "scenarios/71-gather-duplicates.rs"]
mod s71;
#[path = "scenarios/72-wait.rs"]
mod s72;
#[path = "scenarios/73-wait-for.rs"]
mod s73;
#[path = "scenarios/74-shield.rs"]
mod s74;
#[path = "scenarios/75-as-completed.rs"]
mod s75;
#[path = "scenarios/76-async-with-order.rs"]
mod s76;
#[path = "scenarios/77-async-with-errors.rs"]
mod s77;
#[path = "scenarios/78-both-protocols.rs"]
mod s78;
#[path = "scenarios/79-async-for.rs"]
mod s79;
#[path = "scenarios/80-async-for-by-hand.rs"]
mod s80;
#[path = "scenarios/81-lock.rs"]
mod s81;
#[path = "scenarios/82-event.rs"]
mod s82;
#[path = "scenarios/83-condition.rs"]
mod s83;
#[path = "scenarios/84-semaphore.rs"]
mod s84;
#[path = "scenarios/85-queue.rs"]
mod s85;
#[path = "scenarios/86-executor.rs"]
mod s86;
#[path = "scenarios/87-call-soon-threadsafe.rs"]
mod s87;
#[path = "scenarios/88-future-from-another-thread.rs"]
mod s88;
#[path = "scenarios/89-slow-callback-warning.rs"]
mod s89;
#[path = "scenarios/90-pending-task-destroyed.rs"]
mod s90;
#[path = "scenarios/91-no-jumping-the-queue.rs"]
mod s91;
#[path = "scenarios/92-queue-join.rs"]
mod s92;
#[path = "scenarios/93-cancelled-waiters-leave-the-line.rs"]
mod s93;
