use crate::kit::*;
use std::cell::RefCell;
use std::rc::Rc;

type Names = Rc<RefCell<Vec<(Task<()>, &'static str)>>>;

#[test]
fn inside_a_task_the_current_task_is_that_task() {
    scenario("55-who-am-i", |l| {
        fn name_of(task: AnyTask, names: &Names) -> Option<&'static str> {
            names
                .borrow()
                .iter()
                .find(|(named, _)| task == *named)
                .map(|(_, name)| *name)
        }
        fn whoami(names: &Names) -> &'static str {
            current_task()
                .and_then(|task| name_of(task, names))
                .unwrap_or("nobody")
        }
        async fn nested(names: Names) -> Result<&'static str> {
            Ok(whoami(&names))
        }
        async fn job(name: &str, names: Names) -> Result<()> {
            let nested = nested(names.clone()).await?;
            let me = whoami(&names);
            say(format!("{name}: I am {me}, nested says {nested}"));
            sleep(secs(1.0)).await?;
            say(format!("{name}: still {}", whoami(&names)));
            Ok(())
        }

        let names = Names::default();
        let elsewhere = EventLoop::with_virtual_clock();
        let stranger = elsewhere.create_task(nested(names.clone()));
        let tasks = ["A", "B"].map(|n| l.create_task(job(n, names.clone())));
        let named = tasks.iter().cloned().zip(["A", "B"]);
        names.borrow_mut().extend(named);
        let in_callback = names.clone();
        l.call_soon(move || say(format!("callback: I am {}", whoami(&in_callback))));
        say(format!("outside: I am {}", whoami(&names)));
        let all: Option<Vec<_>> = all_tasks(&l)
            .into_iter()
            .map(|t| name_of(t, &names))
            .collect();
        say(format!("tasks: {}", items(&all.unwrap())));
        l.run_until_complete(gather(tasks)).unwrap();
        say(format!("unfinished now: {}", all_tasks(&l).len()));
        say(format!("other loop has {}", all_tasks(&elsewhere).len()));
        elsewhere.run_until_complete(stranger).unwrap();
    });
}
