//! Waiting for several things and for a limited time, where two things happen at once. What each
//! program says is what CPython 3.11 says when it runs the same one.

mod transcript;

use send_none::{
    AsyncIter, Error, FutureCell, Result, ReturnWhen, as_completed, gather, gather_results,
    get_event_loop, shield, sleep, wait, wait_for, yield_now,
};
use transcript::{over, say, says, secs, told};

fn future() -> FutureCell<u32> {
    get_event_loop().unwrap().create_future()
}

/// Calls it so many seconds later.
fn later<R: 'static>(seconds: f64, callback: impl FnOnce() -> R + 'static) {
    get_event_loop()
        .unwrap()
        .call_later(secs(seconds), callback);
}

fn wrong() -> Error {
    Error::msg("wrong")
}

/// Sleeps, and when that is cancelled takes a while to clean up. Gives the seconds that it slept.
async fn job(name: &'static str, seconds: u32, cleanup: u32) -> Result<u32> {
    let result = sleep(secs(seconds.into())).await;
    if let Err(Error::Cancelled) = result {
        say(format!("{name} is cancelled"));
        sleep(secs(cleanup.into())).await?;
    }
    result.map(|()| seconds)
}

/// Sleeps, and makes this of its cancellation.
async fn refuses(instead: Result<u32>) -> Result<u32> {
    match sleep(secs(100.0)).await {
        Err(Error::Cancelled) => instead,
        result => result.map(|()| 0),
    }
}

#[test]
fn of_a_result_and_a_timeout_of_the_same_moment_the_one_whose_timer_was_made_first_wins() {
    let program = async {
        let fut = future();
        let setter = fut.clone();
        later(2.0, move || setter.set_result(7));
        let set_first = told("set first", wait_for(fut, secs(2.0)));
        let made_later = told("job", wait_for(job("job", 2, 0), secs(2.0)));
        over([&set_first, &made_later]).await
    };
    says(
        program,
        &[
            "t=2 turn 5: set first: Ok(7)",
            "t=2 turn 5: job is cancelled",
            "t=2 turn 8: job: Err(TimeoutError)",
        ],
    );
}

#[test]
fn an_error_of_the_same_turn_beats_the_timeout() {
    let program = async {
        let fut = future();
        let a = told("a", wait_for(fut.clone(), secs(2.0)));
        sleep(secs(1.0)).await?;
        later(1.0, move || fut.set_exception(wrong()));
        over([&a]).await
    };
    says(program, &["t=2 turn 6: a: Err(Exception: wrong)"]);
}

#[test]
fn a_result_beats_the_cancellation_of_who_waits_for_it_with_a_limit() {
    let program = async {
        let (fut, other) = (future(), future());
        let limit = told("limit", wait_for(fut.clone(), secs(5.0)));
        let no_limit = told("no limit", wait_for(other.clone(), None));
        sleep(secs(1.0)).await?;
        fut.set_result(1)?;
        limit.cancel();
        other.set_result(2)?;
        no_limit.cancel();
        over([&limit, &no_limit]).await
    };
    says(
        program,
        &[
            "t=1 turn 5: limit: Ok(1)",
            "t=1 turn 5: no limit: Err(CancelledError)",
        ],
    );
}

#[test]
fn a_zero_limit_gives_only_what_is_done_already() {
    let program = async {
        let done = future();
        done.set_result(1)?;
        let done = told("done", wait_for(done, secs(0.0)));
        let pending = told("pending", wait_for(future(), secs(0.0)));
        let never_runs = told("never runs", wait_for(job("job", 1, 0), secs(0.0)));
        over([&done, &pending, &never_runs]).await
    };
    says(
        program,
        &[
            "t=0 turn 2: done: Ok(1)",
            "t=0 turn 4: pending: Err(TimeoutError)",
            "t=0 turn 5: never runs: Err(TimeoutError)",
        ],
    );
}

#[test]
fn what_is_made_of_the_cancellation_at_the_timeout_comes_out() {
    let program = async {
        let refused = told("refused", wait_for(refuses(Ok(5)), secs(1.0)));
        let failed = told("failed", wait_for(refuses(Err(wrong())), secs(1.0)));
        over([&refused, &failed]).await
    };
    says(
        program,
        &[
            "t=1 turn 8: refused: Ok(5)",
            "t=1 turn 8: failed: Err(Exception: wrong)",
        ],
    );
}

#[test]
fn whoever_is_cancelled_after_the_timeout_does_not_wait_for_the_clean_up() {
    let program = async {
        let inner = told("inner", job("job", 9, 4));
        let outer = told("outer", wait_for(inner.clone(), secs(1.0)));
        sleep(secs(2.0)).await?;
        outer.cancel();
        over([&outer]).await?;
        over([&inner]).await
    };
    says(
        program,
        &[
            "t=1 turn 5: job is cancelled",
            "t=2 turn 8: outer: Err(CancelledError)",
            "t=5 turn 12: inner: Err(CancelledError)",
        ],
    );
}

#[test]
fn of_two_limits_the_inner_one_is_just_cancelled_when_the_outer_one_is_over() {
    let program = async {
        let inner = async {
            let inner = wait_for(job("job", 9, 1), secs(3.0)).await;
            say(format!("inner: {inner:?}"));
            inner
        };
        over([&told("outer", wait_for(inner, secs(2.0)))]).await
    };
    says(
        program,
        &[
            "t=2 turn 8: job is cancelled",
            "t=3 turn 12: inner: Err(CancelledError)",
            "t=3 turn 14: outer: Err(TimeoutError)",
        ],
    );
}

#[test]
fn of_two_equal_limits_the_outer_one_is_over_first() {
    let program = async {
        let inner = async {
            let inner = wait_for(job("job", 9, 1), secs(2.0)).await;
            say(format!("inner: {inner:?}"));
            inner
        };
        over([&told("outer", wait_for(inner, secs(2.0)))]).await
    };
    says(
        program,
        &[
            "t=2 turn 7: job is cancelled",
            "t=3 turn 11: inner: Err(CancelledError)",
            "t=3 turn 13: outer: Err(TimeoutError)",
        ],
    );
}

#[test]
fn a_limit_on_a_shield_leaves_the_shielded_one_alone() {
    let program = async {
        let shielded = told("job", job("job", 3, 0));
        let outer = told("outer", wait_for(shield(&shielded), secs(1.0)));
        over([&outer, &shielded]).await
    };
    says(
        program,
        &[
            "t=1 turn 6: outer: Err(TimeoutError)",
            "t=3 turn 9: job: Ok(3)",
        ],
    );
}

#[test]
fn a_limit_on_a_gather_cancels_what_is_left_of_it() {
    let program = async {
        let both = gather([told("a", job("a", 1, 0)), told("b", job("b", 9, 2))]);
        over([&told("outer", wait_for(both, secs(2.0)))]).await
    };
    says(
        program,
        &[
            "t=1 turn 4: a: Ok(1)",
            "t=2 turn 8: b is cancelled",
            "t=4 turn 10: b: Err(CancelledError)",
            "t=4 turn 13: outer: Err(TimeoutError)",
        ],
    );
}

#[test]
fn a_gather_is_cancelled_even_if_its_member_refuses() {
    let program = async {
        let group = told("gather", gather([told("a", refuses(Ok(1)))]));
        let results = gather_results([told("b", refuses(Ok(2)))]);
        let results = told("gather_results", results);
        sleep(secs(1.0)).await?;
        group.cancel();
        results.cancel();
        over([&group]).await?;
        over([&results]).await
    };
    says(
        program,
        &[
            "t=1 turn 5: a: Ok(1)",
            "t=1 turn 5: b: Ok(2)",
            "t=1 turn 7: gather: Err(CancelledError)",
            "t=1 turn 7: gather_results: Err(CancelledError)",
        ],
    );
}

#[test]
fn a_gather_of_what_is_done_is_done_a_turn_later_and_cannot_be_cancelled() {
    let program = async {
        let fut = future();
        fut.set_result(1)?;
        let group = gather([&fut, &fut]);
        say(format!(
            "done: {}, cancel: {}",
            group.done(),
            group.cancel()
        ));
        yield_now().await?;
        say(format!("done: {}", group.done()));
        say(format!("{:?}", group.await));
        Ok(())
    };
    says(
        program,
        &[
            "t=0 turn 1: done: false, cancel: false",
            "t=0 turn 2: done: true",
            "t=0 turn 2: Ok([1, 1])",
        ],
    );
}

#[test]
fn cancelling_a_gather_of_gathers_goes_down_to_all_and_the_first_that_ends_ends_it() {
    let program = async {
        let a = told("a", job("a", 9, 0));
        let b = told("b", job("b", 9, 1));
        let c = told("c", job("c", 9, 2));
        let outer = told("outer", gather([gather([&a, &b]), gather([&c])]));
        sleep(secs(1.0)).await?;
        outer.cancel();
        over([&a, &b, &c]).await
    };
    says(
        program,
        &[
            "t=1 turn 5: a is cancelled",
            "t=1 turn 5: b is cancelled",
            "t=1 turn 5: c is cancelled",
            "t=1 turn 6: a: Err(CancelledError)",
            "t=1 turn 9: outer: Err(CancelledError)",
            "t=2 turn 11: b: Err(CancelledError)",
            "t=3 turn 14: c: Err(CancelledError)",
        ],
    );
}

#[test]
fn a_cancelled_member_is_a_result_of_gather_results() {
    let program = async {
        let a = told("a", job("a", 1, 0));
        let b = told("b", job("b", 9, 0));
        let victim = b.clone();
        later(2.0, move || victim.cancel());
        say(format!("{:?}", gather_results([a, b]).await?));
        Ok(())
    };
    says(
        program,
        &[
            "t=1 turn 4: a: Ok(1)",
            "t=2 turn 7: b is cancelled",
            "t=2 turn 8: b: Err(CancelledError)",
            "t=2 turn 10: [Ok(1), Err(CancelledError)]",
        ],
    );
}

#[test]
fn a_cancellation_is_not_the_first_exception() {
    let program = async {
        let a = told("a", job("a", 9, 0));
        let b = told("b", job("b", 2, 0));
        let c = told("c", job("c", 3, 0));
        let victim = a.clone();
        later(1.0, move || victim.cancel());
        later(2.5, || say("still waiting"));
        let (done, _) = wait([a, b, c], None, ReturnWhen::FirstException).await?;
        say(format!("{} done", done.len()));
        Ok(())
    };
    says(
        program,
        &[
            "t=1 turn 4: a is cancelled",
            "t=1 turn 5: a: Err(CancelledError)",
            "t=2 turn 8: b: Ok(2)",
            "t=2.5 turn 10: still waiting",
            "t=3 turn 12: c: Ok(3)",
            "t=3 turn 14: 3 done",
        ],
    );
}

#[test]
fn wait_takes_two_turns_even_if_all_is_done_or_the_limit_is_zero() {
    let program = async {
        let fut = future();
        fut.set_result(1)?;
        let (done, pending) = wait([&fut], None, ReturnWhen::AllCompleted).await?;
        say(format!("{} done, {} pending", done.len(), pending.len()));
        let both = [fut, future()];
        let (done, pending) = wait(both, secs(0.0), ReturnWhen::AllCompleted).await?;
        say(format!("{} done, {} pending", done.len(), pending.len()));
        Ok(())
    };
    says(
        program,
        &[
            "t=0 turn 3: 1 done, 0 pending",
            "t=0 turn 5: 1 done, 1 pending",
        ],
    );
}

#[test]
fn to_cancel_who_waits_cancels_nothing_else() {
    let program = async {
        let waited_for = told("job", job("job", 3, 0));
        let waits = waited_for.clone();
        let waiter = told("wait", async move { over([&waits]).await });
        let victim = waiter.clone();
        later(1.0, move || victim.cancel());
        over([&waiter]).await?;
        over([&waited_for]).await
    };
    says(
        program,
        &[
            "t=1 turn 4: wait: Err(CancelledError)",
            "t=3 turn 8: job: Ok(3)",
        ],
    );
}

#[test]
fn a_result_loses_to_the_cancellation_of_who_awaits_its_shield() {
    let program = async {
        let (fut, other) = (future(), future());
        let (a, b) = (told("a", shield(&fut)), told("b", shield(&other)));
        sleep(secs(1.0)).await?;
        fut.set_result(1)?;
        a.cancel();
        other.cancel();
        b.cancel();
        over([&a, &b]).await
    };
    says(
        program,
        &[
            "t=1 turn 5: a: Err(CancelledError)",
            "t=1 turn 5: b: Err(CancelledError)",
        ],
    );
}

#[test]
fn what_becomes_of_the_shielded_one_is_nothing_to_a_cancelled_shield() {
    let program = async {
        let fut = future();
        let shielded = shield(&fut);
        shielded.cancel();
        fut.set_exception(wrong())?;
        yield_now().await?;
        say(format!("shield cancelled: {}", shielded.cancelled()));
        say(format!("the same: {}", shield(&fut) == fut));
        Ok(())
    };
    says(
        program,
        &[
            "t=0 turn 2: shield cancelled: true",
            "t=0 turn 2: the same: true",
        ],
    );
}

#[test]
fn as_completed_begins_with_what_is_done_already() {
    let program = async {
        let (fut, other) = (future(), future());
        other.set_result(2)?;
        fut.set_result(1)?;
        let c = told("c", job("c", 3, 0)).into();
        let d = told("d", job("d", 4, 0)).into();
        let mut done = as_completed([d, c, fut, other]);
        while let Some(result) = done.anext().await? {
            say(format!("{result:?}"));
        }
        Ok(())
    };
    says(
        program,
        &[
            "t=0 turn 3: Ok(1)",
            "t=0 turn 3: Ok(2)",
            "t=3 turn 5: c: Ok(3)",
            "t=3 turn 7: Ok(3)",
            "t=4 turn 9: d: Ok(4)",
            "t=4 turn 11: Ok(4)",
        ],
    );
}

#[test]
fn as_completed_with_a_zero_limit_gives_what_is_done_already() {
    let program = async {
        let fut = future();
        fut.set_result(1)?;
        let mut done = as_completed([future(), fut]).timeout(secs(0.0));
        while let Some(result) = done.anext().await? {
            say(format!("{result:?}"));
        }
        Ok(())
    };
    says(
        program,
        &["t=0 turn 3: Ok(1)", "t=0 turn 3: Err(TimeoutError)"],
    );
}

#[test]
fn what_ends_in_the_turn_of_the_limit_is_too_late_for_as_completed() {
    let program = async {
        let fut = future();
        let task = told("job", job("job", 2, 0));
        let victim = fut.clone();
        later(1.0, move || victim.cancel());
        yield_now().await?;
        let mut done = as_completed([task.into(), fut]).timeout(secs(2.0));
        while let Some(result) = done.anext().await? {
            say(format!("{result:?}"));
        }
        Ok(())
    };
    says(
        program,
        &[
            "t=1 turn 5: Err(CancelledError)",
            "t=2 turn 7: job: Ok(2)",
            "t=2 turn 7: Err(TimeoutError)",
        ],
    );
}

/// The clean-up outlasts the limit, whose timer costs a turn at t=5.
#[test]
fn the_timer_of_a_limit_stays_until_the_clean_up_is_over() {
    let program = async {
        let limited = told("limited", wait_for(job("job", 100, 10), secs(5.0)));
        let cancels = limited.clone();
        later(1.0, move || cancels.cancel());
        over([&limited]).await
    };
    says(
        program,
        &[
            "t=1 turn 6: job is cancelled",
            "t=11 turn 11: limited: Err(CancelledError)",
        ],
    );
}
