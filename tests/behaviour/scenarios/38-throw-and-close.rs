use crate::kit::*;

type Pair = (FutureCell<()>, FutureCell<()>);

#[test]
fn throw_raises_at_the_await_and_close_runs_the_clean_up() {
    scenario("38-throw-and-close", |l| {
        async fn body(name: &str, (one, two): Pair) -> Result<()> {
            say(format!("{name} starts"));
            let _finally = Finally(|| say(format!("{name} cleans up")));
            match one.await {
                Err(exc) if exc.downcast_ref::<ValueError>().is_some() => {
                    say(format!("{name} handles {}", err(&exc)));
                    two.await
                }
                result => result,
            }
        }
        let pair = || (l.create_future(), l.create_future());
        let coroutine = |name, pair| Coroutine::new(body(name, pair));
        let value_error = |text: &str| ValueError(text.into());

        let (one, two) = pair();
        let mut a = coroutine("A", (one.clone(), two.clone()));
        let on_one = blocked_on(a.send(None)).is(&one);
        say(format!("A blocked on one: {}", yn(on_one)));
        let on_two = blocked_on(a.throw(value_error("hey"))).is(&two);
        say(format!("throw, now blocked on two: {}", yn(on_two)));
        attempt("close A", || a.close());
        attempt("close A again", || a.close());
        let mut b = coroutine("B", pair());
        attempt("close unstarted B", || b.close());
        attempt("send to closed B", || b.send(None));
        let mut c = coroutine("C", pair());
        c.send(None);
        for line in [
            "t=0 C is asked to exit",
            "t=0 close stubborn C -> raises RuntimeError: coroutine ignored GeneratorExit",
        ] {
            leave_out(line, "close() drops it, which nothing can catch or refuse");
        }
        c.close();
        attempt("close stubborn C again", || c.close());
        let mut d = coroutine("D", pair());
        attempt("throw into unstarted D", || {
            d.throw(value_error("too early"))
        });
    });
}
