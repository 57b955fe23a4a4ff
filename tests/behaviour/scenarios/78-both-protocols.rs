use crate::kit::*;
use std::iter;

struct Both;

/// The plain block in Rust: a value that undoes on leaving what was done on entering.
impl Both {
    fn enter(self) -> Finally<impl FnMut()> {
        say("plain enter");
        Finally(|| say("plain exit"))
    }
}

impl AsyncContextManager for Both {
    type Target = ();

    async fn aenter(&mut self) -> Result<()> {
        say("async enter");
        Ok(())
    }

    async fn aexit(&mut self, _exc: Option<&Error>) -> Result<bool> {
        say("async exit");
        Ok(false)
    }
}

impl IntoIterator for Both {
    type Item = &'static str;
    type IntoIter = iter::Once<&'static str>;

    fn into_iter(self) -> Self::IntoIter {
        iter::once("plain item")
    }
}

#[test]
fn one_type_may_support_the_plain_and_the_async_protocol_side_by_side() {
    scenario("78-both-protocols", |l| {
        async fn main() -> Result<()> {
            {
                let _with = Both.enter();
                say("plain body");
            }
            async_with(Both, async |()| {
                say("async body");
                Ok(())
            })
            .await?;
            for x in Both {
                say(x);
            }
            let in_loop = "t=0 async loop over a plain iterable: refused";
            leave_out(in_loop, "does not compile: there is no `anext`");
            let in_block = "t=0 plain block with an async-only manager: refused";
            leave_out(in_block, "does not compile: there is no `enter`");
            Ok(())
        }
        l.run_until_complete(main()).unwrap();
    });
}
