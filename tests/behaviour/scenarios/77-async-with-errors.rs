use crate::kit::*;

enum Manager {
    Plain,
    AnswersTrue,
    ExitFails,
    EnterFails,
}

impl AsyncContextManager for Manager {
    type Target = ();

    async fn aenter(&mut self) -> Result<()> {
        match self {
            Manager::EnterFails => RuntimeError::raise("enter failed"),
            _ => Ok(()),
        }
    }

    async fn aexit(&mut self, exc: Option<&Error>) -> Result<bool> {
        say(format!("  exit step told of {}", exc.cloned().show()));
        sleep(secs(1.0)).await?;
        match self {
            Manager::ExitFails => RuntimeError::raise("exit failed"),
            _ => Ok(matches!(self, Manager::AnswersTrue)),
        }
    }
}

#[test]
fn the_exit_step_is_told_of_the_error_and_may_swallow_or_replace_it() {
    scenario("77-async-with-errors", |l| {
        async fn use_it(manager: Manager, how: &str) -> Result<&'static str> {
            let body = async |()| {
                say("  body");
                match how {
                    "error" => ValueError::raise("in body"),
                    "return" => Ok("returned from the body"),
                    _ => {
                        current_task().unwrap().cancel();
                        sleep_with(secs(9.0), "slept").await
                    }
                }
            };
            let returned = async_with(manager, body).await?;
            Ok(returned.unwrap_or("after the block"))
        }

        for (label, manager, how) in [
            ("re-raised", Manager::Plain, "error"),
            ("swallowed", Manager::AnswersTrue, "error"),
            ("exit fails", Manager::ExitFails, "error"),
            ("enter fails", Manager::EnterFails, "error"),
            ("return", Manager::Plain, "return"),
            ("cancel", Manager::Plain, "cancel"),
        ] {
            say(label);
            attempt("  outcome", || l.run_until_complete(use_it(manager, how)));
        }
    });
}
