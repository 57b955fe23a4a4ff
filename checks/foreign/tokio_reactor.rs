//! tokio::time and tokio::net: they need more than a waker. Who is it that calls it when the time is
//! over, or when bytes have come? In tokio that is a driver, which its runtime runs; and each of these
//! looks for the runtime of its thread. There is none here, and tokio says so.

use send_none::{EventLoop, Result, sleep};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::spawn;
use tokio::runtime;
use tokio::sync::oneshot;

use crate::{assert_panicked, on_a_loop, secs};

const NO_REACTOR: &str =
    "there is no reactor running, must be called from the context of a Tokio 1.x runtime";

/// The task ends with tokio's message, and its siblings do not care.
fn assert_no_reactor<T, F>(event_loop: &EventLoop, coroutine: F)
where
    T: Clone + 'static,
    F: Future<Output = Result<T>> + 'static,
{
    let task = event_loop.create_task(coroutine);
    event_loop.run_until_complete(sleep(secs(1))).unwrap();
    assert_panicked(&task, NO_REACTOR);
}

/// A port of this machine; nobody is asked for more than the port.
const SOME_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

#[test]
fn tokio_time_says_that_there_is_no_reactor() {
    on_a_loop(|event_loop| {
        assert_no_reactor(event_loop, async {
            tokio::time::sleep(secs(1)).await;
            Ok(())
        });
        assert_no_reactor(event_loop, async {
            let nothing = std::future::pending::<()>();
            Ok(tokio::time::timeout(secs(1), nothing).await?)
        });
        assert_no_reactor(event_loop, async {
            tokio::time::interval(secs(1)).tick().await;
            Ok(())
        });
        assert_eq!(event_loop.time(), secs(3));
    });
}

#[test]
fn tokio_net_says_that_there_is_no_reactor() {
    on_a_loop(|event_loop| {
        assert_no_reactor(event_loop, async {
            tokio::net::TcpListener::bind(SOME_PORT).await?;
            Ok(())
        });
        assert_no_reactor(event_loop, async {
            tokio::net::UdpSocket::bind(SOME_PORT).await?;
            Ok(())
        });
        let listener = TcpListener::bind(SOME_PORT).unwrap();
        assert_no_reactor(event_loop, async move {
            tokio::net::TcpStream::connect(listener.local_addr()?).await?;
            Ok(())
        });
    });
}

#[test]
fn tokio_spawn_says_that_there_is_no_reactor() {
    on_a_loop(|event_loop| {
        assert_no_reactor(event_loop, async { Ok(tokio::spawn(async {}).await?) });
        assert_no_reactor(event_loop, async {
            Ok(tokio::task::spawn_blocking(|| ()).await?)
        });
    });
}

/// What it lacks is a driver, not our loop's consent. A runtime on another thread is one; and its
/// wake-ups come from that thread. (Its clock is a virtual one, too.)
#[test]
fn tokio_sleep_works_if_a_runtime_on_another_thread_drives_it() {
    on_a_loop(|event_loop| {
        let mut runtime = runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = spawn(move || runtime.block_on(stopped));
        let sleeps = async move {
            let asleep = {
                let _here = handle.enter();
                tokio::time::sleep(secs(20))
            };
            asleep.await;
            Ok(())
        };
        event_loop.run_until_complete(sleeps).unwrap();
        stop.send(()).unwrap();
        thread.join().unwrap().unwrap();
    });
}
