use crate::kit::*;
use std::thread;
use std::time::Instant;

#[test]
fn call_soon_threadsafe_wakes_a_loop_that_sleeps() {
    scenario("87-call-soon-threadsafe", |l| {
        let here = thread::current().id();
        let callback = move |name: &'static str| {
            move || {
                let same = thread::current().id() == here;
                say(format!("{name} on the loop thread: {}", yn(same)));
            }
        };
        let run = |l: &EventLoop| {
            let handle = l.threadsafe();
            let other_thread = move || {
                for name in ["first", "second", "third"] {
                    handle.call_soon(callback(name))?;
                }
                handle.call_soon(|| get_event_loop().unwrap().stop())
            };
            let thread = shared(None);
            let start = thread.clone();
            l.call_soon(move || *start.borrow_mut() = Some(thread::spawn(other_thread)));
            l.run_forever().unwrap();
            let thread = thread.take().unwrap();
            thread.join().unwrap().unwrap();
            say("stopped by the other thread");
        };

        say("the loop will sleep without any timer");
        run(&l);
        let real = EventLoop::new();
        real.call_later(secs(60.0), || print("too late"));
        say("a real loop will sleep until a timer 60 seconds away");
        let began = Instant::now();
        run(&real);
        let in_time = began.elapsed() < secs(30.0);
        say(format!("woken long before that: {}", yn(in_time)));
        real.close().unwrap();
    });
}
