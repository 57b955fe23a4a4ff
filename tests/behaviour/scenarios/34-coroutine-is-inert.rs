use crate::kit::*;

#[test]
fn calling_a_coroutine_function_runs_not_a_line_of_it() {
    scenario("34-coroutine-is-inert", |l| {
        async fn work(name: &'static str) -> Result<&'static str> {
            say(format!("{name} runs"));
            Ok(name)
        }

        leave_out("is a function: yes", "a question for the compiler");
        let coro = work("direct");
        let made = "t=0 made, is callable: no, type coroutine";
        leave_out(made, "a question for the compiler");
        let task = l.create_task(work("task"));
        say("task made, nothing ran");
        say(format!("awaited: {}", l.run_until_complete(coro).unwrap()));
        say(format!("task is {}", outcome(&task)));
        drop(work("dropped"));
        let warning = "t=0 warning: coroutine 'work' was never awaited";
        leave_out(warning, "it is the compiler that warns");
    });
}
