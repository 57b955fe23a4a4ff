//! The executor's torture list: what breaks home-made executors, each from a bug that a real one had.
//!
//! There are 36 of them, a test for each. Above it stand its number, what goes wrong in an executor
//! that breaks here, and where that was seen. Only what the crate offers to everybody is used, so
//! that its core can be built anew beneath these tests.
//!
//! Nothing here waits for a moment on the wall clock. What could hang is [`watched`], and what could
//! bring the process down happens [`in_a_process_of_its_own`].

mod cancelling;
mod drops;
mod leaves;
mod panics;
mod running;
mod threads;
mod timers;
mod wakes;

use send_none::{EventLoop, Result, Task, sleep};
use std::cell::{Cell, RefCell};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

/// Anything that can be waited for.
type Wait = Pin<Box<dyn Future<Output = Result<()>>>>;

/// A place for what is made later than the closure that needs it.
type Later<T> = Rc<RefCell<Option<T>>>;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A loop on a virtual clock, which tells nobody of the tasks that are left when it is closed.
fn quiet_loop() -> EventLoop {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ());
    event_loop
}

/// Runs so many turns.
fn turns(event_loop: &EventLoop, count: u32) {
    for _ in 0..count {
        event_loop.stop();
        event_loop.run_forever().unwrap();
    }
}

/// How many entries the run queue holds.
fn ready(event_loop: &EventLoop) -> usize {
    event_loop.snapshot().ready.len()
}

/// Runs until all is over that takes less than a year.
fn run_out(event_loop: &EventLoop) {
    let a_year = sleep(secs(365 * 24 * 60 * 60));
    event_loop.run_until_complete(a_year).unwrap();
}

/// What the exception handler is told.
fn reports(event_loop: &EventLoop) -> Rc<RefCell<Vec<String>>> {
    let reports = Rc::new(RefCell::new(Vec::new()));
    let told = reports.clone();
    event_loop.set_exception_handler(move |_, context| {
        let error = context.exception.as_ref();
        let error = error.map_or(String::new(), |error| format!(" | {error}"));
        told.borrow_mut().push(context.message.clone() + &error);
    });
    reports
}

/// Calls its closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Counts the drops of what it gives.
#[derive(Clone, Default)]
struct Drops(Rc<Cell<u32>>);

impl Drops {
    fn count(&self) -> u32 {
        self.0.get()
    }

    /// Something whose drop is counted.
    fn counted(&self) -> OnDrop<impl FnMut() + use<>> {
        let count = self.0.clone();
        OnDrop(move || count.set(count.get() + 1))
    }
}

/// Something foreign to wait for: pending until it is open, it counts how often it is polled, and
/// leaves its waker outside.
#[derive(Clone, Default)]
struct Gate {
    open: Rc<Cell<bool>>,
    polls: Rc<Cell<u32>>,
    waker: Later<Waker>,
}

impl Gate {
    /// A task that waits at a gate, parked there.
    fn with_task(event_loop: &EventLoop) -> (Self, Task<()>) {
        let gate = Gate::default();
        let task = event_loop.create_task(gate.clone());
        turns(event_loop, 1);
        assert_eq!(gate.polls.get(), 1);
        (gate, task)
    }

    fn polls(&self) -> u32 {
        self.polls.get()
    }

    fn waker(&self) -> Waker {
        self.waker.borrow().clone().expect("it was polled")
    }

    fn open(&self) {
        self.open.set(true);
        self.waker().wake();
    }
}

impl Future for Gate {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.polls.set(self.polls.get() + 1);
        let old = self.waker.replace(Some(cx.waker().clone()));
        drop(old);
        match self.open.get() {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }
}

/// A waker of a closure.
fn waker_of(wake: impl Fn() + Send + Sync + 'static) -> Waker {
    struct Calls<F>(F);
    impl<F: Fn() + Send + Sync + 'static> Wake for Calls<F> {
        fn wake(self: Arc<Self>) {
            (self.0)();
        }
    }
    Arc::new(Calls(wake)).into()
}

/// Does it on another thread, and waits until it is done.
fn elsewhere(act: impl FnOnce() + Send + 'static) {
    thread::spawn(act).join().unwrap();
}

/// Fails if the body hangs.
fn watched(body: impl FnOnce() + Send + 'static) {
    let (sender, is_over) = channel();
    let name = thread::current().name().map(String::from);
    let body = move || {
        body();
        sender.send(()).unwrap();
    };
    let thread = thread::Builder::new().name(name.unwrap_or_default());
    let thread = thread.spawn(body).unwrap();
    if is_over.recv_timeout(secs(60)) == Err(RecvTimeoutError::Timeout) {
        panic!("it hangs");
    }
    thread.join().unwrap_or_else(|panic| resume_unwind(panic));
}

/// Runs the test of this name once more, as a process whose stack may overflow and which may abort;
/// there, and only there, the body is run.
fn in_a_process_of_its_own(test: &str, body: impl FnOnce() + Send + 'static) {
    const IN_THE_CHILD: &str = "SEND_NONE_TORTURED";
    if std::env::var_os(IN_THE_CHILD).is_some_and(|name| name == test) {
        return watched(body);
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let child = child.args(["--exact", test, "--nocapture"]);
    let output = child.env(IN_THE_CHILD, test).output().unwrap();
    let (told, failed) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{told}{failed}{}", output.status);
    assert!(told.contains("1 passed"), "there is no test of this name");
}

/// How many bytes of the process are in memory, where the system tells. To be asked in a process of
/// one's own: the other tests take memory, too.
fn in_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// Chance, the same each time.
struct Dice(u64);

impl Dice {
    /// A number below that one.
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }

    /// Mostly goes on at once; now and then takes its time.
    fn dawdle(&mut self) {
        match self.roll(1000) {
            0 => thread::sleep(Duration::from_micros(1)),
            1..20 => thread::yield_now(),
            20..200 => (0..self.roll(100)).for_each(|_| std::hint::spin_loop()),
            _ => {}
        }
    }
}

/// All orders of that many things.
fn orders(of: usize) -> Vec<Vec<usize>> {
    if of == 0 {
        return vec![vec![]];
    }
    let mut orders = Vec::new();
    for shorter in self::orders(of - 1) {
        for place in 0..of {
            let mut order = shorter.clone();
            order.insert(place, of - 1);
            orders.push(order);
        }
    }
    orders
}

/// A combinator of another making: it gives each of its children a waker of the child's own, and
/// polls only those that were woken. All children that are woken again meanwhile are polled again, so
/// many passes long; then it lets others go first.
struct Choosy {
    children: Vec<(Option<Wait>, Arc<Woken>)>,
    passes: usize,
}

struct Woken {
    woken: AtomicBool,
    outer: Mutex<Option<Waker>>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        let outer = self.outer.lock().unwrap().clone();
        outer.expect("it was polled").wake();
    }
}

impl Choosy {
    fn new(children: Vec<Wait>, passes: usize) -> Self {
        let child = |wait| {
            let woken = Arc::new(Woken {
                woken: AtomicBool::new(true),
                outer: Mutex::default(),
            });
            (Some(wait), woken)
        };
        let children = children.into_iter().map(child).collect();
        Choosy { children, passes }
    }
}

impl Future for Choosy {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        for (_, woken) in &self.children {
            *woken.outer.lock().unwrap() = Some(cx.waker().clone());
        }
        for _ in 0..self.passes {
            for (child, woken) in &mut self.children {
                let waker = Waker::from(woken.clone());
                let Some(wait) = child
                    .as_mut()
                    .filter(|_| woken.woken.swap(false, Ordering::SeqCst))
                else {
                    continue;
                };
                match wait.as_mut().poll(&mut Context::from_waker(&waker)) {
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Ready(Ok(())) => *child = None,
                    Poll::Pending => {}
                }
            }
        }
        match self.children.iter().all(|(child, _)| child.is_none()) {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }
}
