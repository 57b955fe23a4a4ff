use crate::kit::*;
use std::pin::Pin;

type Boxed = Pin<Box<dyn Future<Output = Result<&'static str>>>>;

#[test]
fn nested_coroutines_are_one_chain() {
    scenario("42-nested-coroutines-20s", |l| {
        fn pass_on(l: &EventLoop, level: u32, awaitable: Boxed) -> Boxed {
            let l = l.clone();
            Box::pin(async move {
                say(format!("turn {}: level {level} waits", l.turns()));
                let value = awaitable.await?;
                say(format!("turn {}: level {level} resumes", l.turns()));
                Ok(value)
            })
        }
        let three_deep = |fut: FutureCell<&'static str>| {
            let innermost = pass_on(&l, 3, Box::pin(fut));
            pass_on(&l, 1, pass_on(&l, 2, innermost))
        };

        let fut = l.create_future();
        let setter = fut.clone();
        l.call_later(secs(20.0), move || setter.set_result("my other result"));
        let value = l.run_until_complete(three_deep(fut)).unwrap();
        say(format!("got {value}"));

        let fut = l.create_future();
        let mut chain = Coroutine::new(three_deep(fut.clone()));
        let Step::Suspended(Suspended::On(waits_for)) = chain.send(None) else {
            panic!()
        };
        let innermost = waits_for.is(&fut);
        say(format!(
            "by hand: blocked on the innermost future: {}",
            yn(innermost)
        ));
        fut.cancel();
        chain.close();
    });
}
