//! The calls, room by room. Each act is one call, or a few, on things that are at hand.

mod by_hand;
mod elsewhere;
mod futures;
mod loops;
mod sync;
mod tasks;

use std::rc::Rc;

use send_none::FutureCell;

use crate::places::Mine;
use crate::rng::Rng;
use crate::world::World;

pub use elsewhere::play;

pub type Act = fn(&Rc<World>);

/// Some acts come up more often, because they bring the others about.
pub fn choose(rng: &Rng) -> Act {
    let room = match rng.below(24) {
        0..6 => loops::ACTS,
        6..9 => loops::RUNS,
        9..14 => futures::ACTS,
        14..18 => tasks::ACTS,
        18..21 => by_hand::ACTS,
        21..23 => sync::ACTS,
        _ => elsewhere::ACTS,
    };
    rng.one_of(room)
}

/// Up to three futures, tasks among them.
pub fn several(world: &World) -> impl Iterator<Item = FutureCell<Mine>> + use<> {
    let (things, rng) = (&world.things, &world.rng);
    let task = things.tasks.pick(rng).map(FutureCell::from);
    let cells = [things.cells.pick(rng), things.cells.pick(rng)];
    let all = cells.into_iter().chain([task]).flatten();
    all.take(rng.below(4)).collect::<Vec<_>>().into_iter()
}
