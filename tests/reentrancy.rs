//! Code that comes back into the loop from where one does not expect it: from a drop, a clone, a
//! wake. No `RefCell` may be borrowed then.

use send_none::{Error, EventLoop};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Calls its closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn turn(event_loop: &EventLoop) {
    event_loop.stop();
    event_loop.run_forever().unwrap();
}

#[test]
fn what_a_callback_returned_may_panic_when_it_is_dropped() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = Rc::new(RefCell::new(Vec::new()));
    let told = reports.clone();
    event_loop.set_exception_handler(move |_, context| {
        told.borrow_mut()
            .push(context.exception.clone().unwrap().to_string());
    });
    event_loop.call_soon(|| OnDrop(|| panic!("in the answer's drop")));
    turn(&event_loop);
    assert_eq!(*reports.borrow(), ["in the answer's drop"]);
}

/// The callback of a cancelled timer is dropped, and that drop makes the loop look at its timers.
#[test]
fn dropping_the_callback_of_a_cancelled_timer_may_run_the_loop() {
    let event_loop = EventLoop::with_virtual_clock();
    let inside = event_loop.clone();
    let drops = OnDrop(move || turn(&inside));
    let timer = event_loop.call_later(Duration::from_secs(1), move || drop(drops));
    timer.cancel();
    for _ in 0..200 {
        event_loop
            .call_later(Duration::from_secs(1), || ())
            .cancel();
    }
    turn(&event_loop);
    assert_eq!(event_loop.time(), Duration::ZERO);
}

#[test]
fn a_result_may_come_back_to_its_future_while_it_is_cloned_and_dropped() {
    type Slot = Rc<RefCell<Option<send_none::FutureCell<Reentrant>>>>;
    struct Reentrant(Slot);
    impl Reentrant {
        fn come_back(&self) {
            let fut = self.0.borrow().clone();
            if let Some(fut) = fut {
                assert!(fut.done() && !fut.cancel());
                fut.add_done_callback(|_: &send_none::FutureCell<Reentrant>| ());
            }
        }
    }
    impl Clone for Reentrant {
        fn clone(&self) -> Self {
            self.come_back();
            Reentrant(self.0.clone())
        }
    }
    impl Drop for Reentrant {
        fn drop(&mut self) {
            self.come_back();
        }
    }
    let event_loop = EventLoop::with_virtual_clock();
    let slot = Slot::default();
    let fut = event_loop.create_future();
    *slot.borrow_mut() = Some(fut.clone());
    fut.set_result(Reentrant(slot.clone())).unwrap();
    assert!(matches!(
        fut.set_result(Reentrant(slot.clone())),
        Err(Error::InvalidState(_))
    ));
    assert!(event_loop.run_until_complete(&fut).is_ok());
    turn(&event_loop);
    let last = slot.take();
    drop(last);
}

#[test]
fn a_coroutine_that_is_dropped_with_its_loop_may_use_the_loop() {
    let event_loop = EventLoop::with_virtual_clock();
    let refused = Rc::new(RefCell::new(Vec::new()));
    let told = refused.clone();
    let fut = event_loop.create_future::<()>();
    let (inside, settles) = (event_loop.clone(), fut.clone());
    let drops = OnDrop(move || {
        told.borrow_mut()
            .push(inside.run_forever().unwrap_err().to_string());
        settles.cancel();
        inside.close().unwrap();
        inside.stop();
        assert!(send_none::all_tasks(&inside).is_empty());
    });
    let waits = fut.clone();
    let _task = event_loop.create_task(async move {
        let _drops = drops;
        waits.await
    });
    let _other = event_loop.create_task(fut);
    turn(&event_loop);
    event_loop.close().unwrap();
    assert_eq!(*refused.borrow(), ["Event loop is closed"]);
}
