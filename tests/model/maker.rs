//! What makes up a program from a seed.

use std::rc::Rc;

use crate::program::{
    CELLS, CONDITION, Callback, Ending, How, LOCKS, Member, Op, Program, QUEUES, SEMAPHORES, SLOTS,
    Script, Then,
};

/// SplitMix64: a few lines, and every seed is as good as any other.
struct Rng(u64);

impl Rng {
    fn new(seed: u64) -> Self {
        Rng(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

pub fn make(seed: u64) -> Program {
    let mut rng = Rng::new(seed);
    // A program that does a bit of everything does nothing often enough to get it into trouble. So
    // each one is made of a few kinds only, and each has others. In every other one all tasks want
    // the same thing, and cancel each other while they wait for it.
    let crowd = rng.one_in(2);
    let kinds = match crowd {
        true => vec![CROWDED[rng.below(CROWDED.len())]],
        false => {
            let few = 1 + rng.below(5);
            (0..few).map(|_| KINDS[rng.below(KINDS.len())]).collect()
        }
    };
    let mut maker = Maker {
        puts: 1 + rng.below(7),
        rng,
        kinds,
        crowd,
        left: 40,
    };
    let number = if crowd { 4 } else { 2 } + maker.rng.below(4);
    let tasks = (0..number).map(|_| maker.script(2)).collect();
    let mut rng = maker.rng;
    Program {
        doubted: seed % 64 < 4,
        tasks,
        permits: [1 + rng.below(2), 1 + rng.below(3)],
        room: [1 + rng.below(3) / 2, rng.below(3)],
        ends_at: if rng.one_in(2) { rng.below(12) } else { 1000 },
        ending: match rng.below(8) {
            0 => Ending::Abort,
            1 => Ending::Close,
            2 => Ending::Drop,
            _ => Ending::Cancel,
        },
    }
}

struct Maker {
    rng: Rng,
    kinds: Vec<Kind>,
    crowd: bool,
    /// Of eight operations on a queue, so many are puts.
    puts: usize,
    /// How many more operations the program may have.
    left: usize,
}

type Kind = fn(&mut Maker, usize) -> Op;

const CROWDED: [Kind; 7] = [
    Maker::foreign,
    Maker::locks,
    Maker::permits,
    Maker::condition,
    Maker::event,
    Maker::queue,
    Maker::queue,
];

const KINDS: [Kind; 20] = [
    Maker::waits_for_cell,
    Maker::settles_cell,
    Maker::spawns,
    Maker::ends_others,
    Maker::ends_others,
    Maker::gathers,
    Maker::waits_for_some,
    Maker::limits,
    Maker::shields,
    Maker::locks,
    Maker::permits,
    Maker::condition,
    Maker::event,
    Maker::queue,
    Maker::queue,
    Maker::callbacks,
    Maker::foreign,
    Maker::catches,
    Maker::goes_wrong,
    Maker::awaits_task,
];

impl Maker {
    fn script(&mut self, depth: usize) -> Script {
        let length = 1 + self.rng.below(5);
        (0..length.min(self.left)).map(|_| self.op(depth)).collect()
    }

    fn op(&mut self, depth: usize) -> Op {
        self.left = self.left.saturating_sub(1);
        match self.rng.below(8) {
            0 => Op::Sleep(self.delay()),
            1 => Op::Yield,
            _ if depth == 0 => self.small(),
            2 => self.ends_others(depth),
            3 => self.catches(depth),
            4 if self.crowd => self.ends_others(depth),
            _ => {
                let kind = self.kinds[self.rng.below(self.kinds.len())];
                kind(self, depth)
            }
        }
    }

    /// Which of them. Where there is a crowd, all go to the same one.
    fn which(&mut self, n: usize) -> usize {
        if self.crowd { 0 } else { self.rng.below(n) }
    }

    /// What can be shielded: nothing that others could cancel or make fail.
    fn small(&mut self) -> Op {
        let short: Script = Rc::new([Op::Sleep(self.delay())]);
        match self.rng.below(4) {
            0 => Op::Yield,
            1 => Op::Lock(self.which(LOCKS), short),
            2 => Op::Permit(self.which(SEMAPHORES), short),
            _ => Op::Sleep(self.delay()),
        }
    }

    /// Few different ones, so that deadlines are often the same.
    fn delay(&mut self) -> u64 {
        [0, 1, 1, 2, 2, 3, 5, 10][self.rng.below(8)]
    }

    fn limit(&mut self) -> Option<u64> {
        if self.rng.one_in(2) {
            Some(self.delay())
        } else {
            None
        }
    }

    fn then(&mut self) -> Then {
        [Then::Await, Then::Keep, Then::Keep, Then::Detach][self.rng.below(4)]
    }

    fn members(&mut self, depth: usize) -> Vec<Member> {
        let number = 1 + self.rng.below(3);
        let mut member = || match self.rng.below(4) {
            0 => Member::Task(self.rng.below(20)),
            1 => Member::Cell(self.rng.below(CELLS)),
            _ => Member::Fresh(self.script(depth - 1)),
        };
        (0..number).map(|_| member()).collect()
    }

    fn waits_for_cell(&mut self, _depth: usize) -> Op {
        let cell = self.rng.below(CELLS);
        match self.rng.below(4) {
            0 => Op::Watch(cell),
            1 => Op::Race(cell, self.delay()),
            _ => Op::Await(cell),
        }
    }

    fn settles_cell(&mut self, _depth: usize) -> Op {
        let how = [How::Result, How::Result, How::Error, How::Cancel][self.rng.below(4)];
        match self.rng.below(3) {
            0 => Op::Await(self.rng.below(CELLS)),
            _ => Op::Settle(self.rng.below(CELLS), how),
        }
    }

    fn spawns(&mut self, depth: usize) -> Op {
        let then = self.then();
        Op::Spawn(self.script(depth - 1), then)
    }

    fn awaits_task(&mut self, _depth: usize) -> Op {
        Op::AwaitTask(self.rng.below(20))
    }

    fn ends_others(&mut self, _depth: usize) -> Op {
        match self.rng.below(4) {
            0 => Op::Abort(self.rng.below(20)),
            _ => Op::Cancel(self.rng.below(20)),
        }
    }

    fn gathers(&mut self, depth: usize) -> Op {
        let members = self.members(depth);
        match self.rng.below(2) {
            0 => Op::Gather(members, self.then()),
            _ => Op::GatherResults(members),
        }
    }

    fn waits_for_some(&mut self, depth: usize) -> Op {
        let (members, limit) = (self.members(depth), self.limit());
        match self.rng.below(2) {
            0 => Op::Wait(members, limit, self.rng.below(3)),
            _ => Op::AsCompleted(members, limit, 1 + self.rng.below(3)),
        }
    }

    fn limits(&mut self, depth: usize) -> Op {
        let delay = self.delay();
        Op::WaitFor(self.script(depth - 1), delay)
    }

    fn shields(&mut self, _depth: usize) -> Op {
        let length = 1 + self.rng.below(2);
        Op::Shield((0..length).map(|_| self.small()).collect())
    }

    fn locks(&mut self, depth: usize) -> Op {
        let lock = self.which(LOCKS);
        Op::Lock(lock, self.script(depth - 1))
    }

    fn permits(&mut self, depth: usize) -> Op {
        let semaphore = self.which(SEMAPHORES);
        Op::Permit(semaphore, self.script(depth - 1))
    }

    fn condition(&mut self, _depth: usize) -> Op {
        match self.rng.below(5) {
            0 => Op::Notify(1),
            1 => Op::Notify(2),
            2 => Op::Lock(CONDITION, Rc::new([Op::Sleep(self.delay())])),
            _ => Op::ConditionWait,
        }
    }

    fn event(&mut self, _depth: usize) -> Op {
        match self.rng.below(4) {
            0 => Op::EventSet,
            1 => Op::EventClear,
            _ => Op::EventWait,
        }
    }

    fn queue(&mut self, _depth: usize) -> Op {
        let queue = self.which(QUEUES);
        let puts = self.rng.below(8) < self.puts;
        match (puts, self.rng.one_in(2)) {
            (true, true) => Op::PutNowait(queue),
            (true, false) => Op::Put(queue),
            (false, true) => Op::GetNowait(queue),
            (false, false) => Op::Get(queue),
        }
    }

    fn callbacks(&mut self, _depth: usize) -> Op {
        let kinds = [
            Callback::Fine,
            Callback::Fine,
            Callback::Err,
            Callback::Panic,
        ];
        match self.rng.below(8) {
            0 => Op::CancelTimer(self.rng.below(20)),
            1 => Op::Block(self.delay()),
            2..=4 => Op::CallSoon(kinds[self.rng.below(4)]),
            _ => Op::Timer(self.delay()),
        }
    }

    /// New tasks take the places of those that are done, whose wakers are still outside.
    fn foreign(&mut self, depth: usize) -> Op {
        let slot = self.which(SLOTS);
        match self.rng.below(6) {
            0 | 1 => Op::Ring(slot, self.rng.one_in(2)),
            2 => Op::Spawn(self.script(depth - 1), Then::Keep),
            _ => Op::Foreign(slot),
        }
    }

    fn catches(&mut self, depth: usize) -> Op {
        Op::Catch(self.script(depth - 1))
    }

    fn goes_wrong(&mut self, _depth: usize) -> Op {
        if self.rng.one_in(4) {
            Op::Panic
        } else {
            Op::Raise
        }
    }
}
