//! Two tasks that hand something to and fro.

use send_none::{FutureCell, get_event_loop};
use std::convert::Infallible;
use std::hint::black_box;
use tokio::sync::{mpsc, oneshot};

use crate::floor::{Floor, Place, taken};
use crate::leaves::Slot;
use crate::sides::{Local, Ours, SpawnLocal, Tokio};
use crate::workload::{Kind, Size, Workload, entrant};

const ROUNDS: usize = 1_000;

pub(super) fn workloads() -> Vec<Workload> {
    vec![
        ping_pong_cells(),
        ping_pong_slots(),
        hand_over(1),
        hand_over(64),
    ]
}

/// There and back, through a fresh `FutureCell` each way, against a fresh oneshot channel. What one
/// sends is where to send the answer.
fn ping_pong_cells() -> Workload {
    Workload {
        name: "ping-pong, FutureCell / oneshot",
        size: Size::Fixed,
        operations: ROUNDS,
        note: "A oneshot channel works between threads: an atomic state, and two wakers behind it. \
               A FutureCell can be read by many and has a line of those who wait, which tokio's has \
               not.",
        kind: Kind::Plain,
        entrants: vec![
            entrant(|it: &Ours| it.time(our_ping())),
            entrant(|it: &Tokio| it.time(tokios_ping())),
            entrant(|it: &Floor| it.time_local(floors_ping())),
        ],
    }
}

#[derive(Clone)]
struct Ping(FutureCell<Pong>);
#[derive(Clone)]
struct Pong(FutureCell<Ping>);

async fn our_ping() -> send_none::Result<()> {
    let event_loop = get_event_loop()?;
    let mut to_pong = event_loop.create_future();
    let pong = send_none::create_task(our_pong(to_pong.clone()));
    for _ in 0..ROUNDS {
        let answer = event_loop.create_future();
        to_pong.set_result(Ping(answer.clone()))?;
        to_pong = answer.await?.0;
    }
    pong.await
}

async fn our_pong(mut from_ping: FutureCell<Ping>) -> send_none::Result<()> {
    let event_loop = get_event_loop()?;
    for _ in 0..ROUNDS {
        let answer = from_ping.await?.0;
        from_ping = event_loop.create_future();
        answer.set_result(Pong(from_ping.clone()))?;
    }
    Ok(())
}

struct TokioPing(oneshot::Sender<TokioPong>);
struct TokioPong(oneshot::Sender<TokioPing>);

async fn tokios_ping() -> Result<(), Infallible> {
    let (mut to_pong, from_ping) = oneshot::channel();
    let pong = tokio::spawn(tokios_pong(from_ping));
    for _ in 0..ROUNDS {
        let (sender, answer) = oneshot::channel();
        let _sent = to_pong.send(TokioPing(sender));
        to_pong = answer.await.unwrap().0;
    }
    drop(to_pong);
    pong.await.unwrap();
    Ok(())
}

async fn tokios_pong(mut from_ping: oneshot::Receiver<TokioPing>) {
    for _ in 0..ROUNDS {
        let answer = from_ping.await.unwrap().0;
        let (sender, receiver) = oneshot::channel();
        from_ping = receiver;
        let _sent = answer.send(TokioPong(sender));
    }
}

struct FloorPing(Place<FloorPong>);
struct FloorPong(Place<FloorPing>);

async fn floors_ping() -> Result<(), Infallible> {
    let mut to_pong = Place::default();
    let pong = Floor::spawn_local(floors_pong(to_pong.clone()));
    for _ in 0..ROUNDS {
        let answer = Place::default();
        to_pong.set(Some(FloorPing(answer.clone())));
        to_pong = taken(answer).await.0;
    }
    taken(pong).await;
    Ok(())
}

async fn floors_pong(mut from_ping: Place<FloorPing>) -> Result<(), Infallible> {
    for _ in 0..ROUNDS {
        let answer = taken(from_ping).await.0;
        from_ping = Place::default();
        answer.set(Some(FloorPong(from_ping.clone())));
    }
    Ok(())
}

/// There and back, through the same two slots on both sides: only the waking differs.
fn ping_pong_slots() -> Workload {
    Workload {
        name: "ping-pong, Rc slot",
        size: Size::Fixed,
        operations: ROUNDS,
        note: "To be woken by any thread, tokio's task counts its wakers atomically, and looks up \
               which thread it is woken on. So do we, and for the same reason.",
        kind: Kind::Plain,
        entrants: vec![
            entrant(|it: &Ours| it.time_local(ping_slots::<Ours>())),
            entrant(|it: &Local| it.time_local(ping_slots::<Local>())),
            entrant(|it: &Floor| it.time_local(ping_slots::<Floor>())),
        ],
    }
}

async fn ping_slots<S: SpawnLocal>() -> Result<(), S::Error> {
    let (there, back) = (Slot::default(), Slot::default());
    let (from_ping, to_ping) = (there.clone(), back.clone());
    let pong = S::spawn_local(async move {
        for _ in 0..ROUNDS {
            to_ping.put(from_ping.take().await);
        }
        Ok(())
    });
    for round in 0..ROUNDS {
        there.put(round);
        black_box(back.take().await);
    }
    S::join(pong).await;
    Ok(())
}

/// One task puts, one gets, through a queue with room for so many.
fn hand_over(room: usize) -> Workload {
    Workload {
        name: match room {
            1 => "queue with room for 1 / mpsc",
            _ => "queue with room for 64 / mpsc",
        },
        size: Size::Fixed,
        operations: 10_000,
        note: match room {
            64 => "As before.",
            _ => {
                "tokio's channel works between threads: items lie in blocks that are linked without \
               a lock, room is counted by a semaphore, and a budget has the receiver yield after \
               128 items. asyncio's queue, and ours, has many getters and counts unfinished work."
            }
        },
        kind: Kind::Plain,
        entrants: vec![
            entrant(move |it: &Ours| it.time(our_queue(room, 10_000))),
            entrant(move |it: &Tokio| it.time(tokios_channel(room, 10_000))),
        ],
    }
}

async fn our_queue(room: usize, items: usize) -> send_none::Result<()> {
    let queue = send_none::sync::Queue::new(room);
    let source = queue.clone();
    let consumer = send_none::create_task(async move {
        for _ in 0..items {
            black_box(source.get().await?);
        }
        Ok(())
    });
    for item in 0..items {
        queue.put(item).await?;
    }
    consumer.await
}

async fn tokios_channel(room: usize, items: usize) -> Result<(), Infallible> {
    let (sender, mut source) = mpsc::channel(room);
    let consumer = tokio::spawn(async move {
        for _ in 0..items {
            black_box(source.recv().await.unwrap());
        }
    });
    for item in 0..items {
        sender.send(item).await.unwrap();
    }
    consumer.await.unwrap();
    Ok(())
}
